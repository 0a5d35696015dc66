//! Secrets that nobody gave: made once, kept in the data folder, readable by their owner only.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use shared::secret::Secret;

use crate::stop::Stop;

/// A secret that opens a door must not be found by trying.
const SHORTEST: usize = 8;

/// A secret of ours, and where it came from.
pub(crate) enum Made {
    /// Set by the owner, under that name.
    Given { secret: Secret, name: &'static str },
    /// Made by us and kept in that file.
    Kept { secret: Secret, file: PathBuf },
}

impl Made {
    pub(crate) fn secret(&self) -> &Secret {
        match self {
            Self::Given { secret, .. } | Self::Kept { secret, .. } => secret,
        }
    }

    /// What was given, else what was kept, else a new one.
    pub(crate) fn or_make(given: Option<&str>, name: &'static str, file: PathBuf) -> Result<Self, Stop> {
        if let Some(given) = given {
            if given.len() < SHORTEST {
                return Err(Stop::setting(
                    name,
                    format!("is shorter than {SHORTEST} characters, which anyone can guess"),
                ));
            }
            return Ok(Self::Given { secret: Secret::new(given), name });
        }
        let secret = match read(&file)? {
            Some(kept) => kept,
            None => make(&file)?,
        };
        let file = file.canonicalize().unwrap_or(file);
        Ok(Self::Kept { secret, file })
    }
}

/// The secret in a file, if there is one.
pub(crate) fn read(file: &Path) -> Result<Option<Secret>, Stop> {
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(Secret::new(text.trim()))),
        Ok(_) => Ok(None),
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(Stop::file(file, &problem)),
    }
}

/// 160 random bits as 40 hexadecimal digits: safe to paste anywhere.
fn make(file: &Path) -> Result<Secret, Stop> {
    let mut random = [0u8; 20];
    getrandom::fill(&mut random).map_err(|problem| Stop::Failed(format!("no randomness: {problem}")))?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = || {
        let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
        writeln!(open, "{text}")?;
        open.sync_all()
    };
    written().map_err(|problem| Stop::file(file, &problem))?;
    Ok(Secret::new(text))
}
