//! Which scheme somebody means who calls it otherwise.

use crate::nearest::hint;

/// What people call schemes that are called otherwise here: for suggestions, never for configurations.
const ALIASES: [(&str, &[&str]); 11] = [
    ("sns", &["aws-sns"]),
    ("twitter", &["x"]),
    ("facebook", &["meta"]),
    ("whatsapp", &["meta"]),
    ("messenger", &["meta"]),
    ("instagram", &["meta"]),
    ("standard-webhooks", &["standard"]),
    ("standardwebhooks", &["standard"]),
    ("bearer", &["password", "jwt"]),
    ("ip", &["address"]),
    ("mtls", &["certificate"]),
];

/// `; did you mean "x"?`, or a full stop.
pub fn meant(found: &str) -> String {
    let found = found.trim().to_lowercase().replace(['_', ' '], "-");
    if let Some((_, names)) = ALIASES.iter().find(|(alias, _)| *alias == found) {
        let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
        return format!("; did you mean {}?", names.join(" or "));
    }
    let names: Vec<_> = super::all().iter().map(|scheme| scheme.name).collect();
    hint(&found, &names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::named;

    #[test]
    fn who_calls_a_scheme_otherwise_is_told_its_name() {
        for (alias, names) in ALIASES {
            assert!(named(alias).is_none(), "{alias}");
            for name in names {
                assert!(named(name).is_some() && meant(alias).contains(&format!("\"{name}\"")), "{alias}");
            }
        }
        assert_eq!(meant("WhatsApp"), "; did you mean \"meta\"?");
        assert_eq!(meant("standard_webhooks"), "; did you mean \"standard\"?");
        assert_eq!(meant("bearer"), "; did you mean \"password\" or \"jwt\"?");
        assert_eq!((meant("Githb"), meant("acme")), ("; did you mean \"github\"?".into(), ".".into()));
    }
}
