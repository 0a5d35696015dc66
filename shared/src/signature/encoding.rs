//! How signatures are written.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Read as providers write them: hexadecimal in either case, base64 with its padding or without it. What
/// is compared is what was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Hex,
    Base64,
    /// Written without padding.
    Base64Url,
}

/// Longer texts hold no signature: RSA of 4096 bits is 1,024 in hexadecimal.
const LONGEST: usize = 2_048;

const EITHER: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Reads base64 with its padding or without it.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER);

const LENIENT_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER);

impl Encoding {
    pub(crate) fn decode(self, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => LENIENT.decode(text).ok(),
            Self::Base64Url => LENIENT_URL.decode(text).ok(),
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}
