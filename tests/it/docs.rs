//! What the docs show is what the program takes.

use std::path::Path;

use shared::config::{Config, Secrets, Spec};
use shared::guard::Guard;

/// Secrets that are written in a form of their own.
const FORMS: [(&str, &str); 3] = [
    ("ADYEN_KEY", "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"),
    ("DISCORD_KEY", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    ("TEAMS_KEY", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8h"),
];

const ANY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn secret(name: &str) -> Option<String> {
    let form = FORMS.iter().find(|(known, _)| *known == name).map_or(ANY, |(_, secret)| secret);
    Some(form.to_owned())
}

/// The blocks of YAML in a document, without what they are set in by.
fn blocks(text: &str) -> Vec<String> {
    let (mut found, mut open): (Vec<String>, Option<(usize, Vec<&str>)>) = (Vec::new(), None);
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start()) {
            (None, "```yaml") => open = Some((indent, Vec::new())),
            (Some((_, lines)), "```") => {
                found.push(lines.join("\n"));
                open = None;
            }
            (Some((set_in, lines)), _) => lines.push(line.get(*set_in..).unwrap_or_default()),
            (None, _) => {}
        }
    }
    found
}

fn is_configuration(block: &str) -> bool {
    block.lines().any(|line| ["sources:", "endpoints:", "limits:"].contains(&line))
}

/// References to parameters are looked up on AWS only.
fn on_one_machine(block: &str) -> String {
    block.split("ssm:/hookpost/").collect::<Vec<_>>().join("env:")
}

#[test]
fn every_configuration_in_the_docs_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let mut read = 0;
    for name in ["README.md", "docs/receiving.md", "docs/sending.md", "docs/aws.md"] {
        let text = std::fs::read_to_string(root.join(name)).expect(name);
        for block in blocks(&text).into_iter().filter(|block| is_configuration(block)) {
            let wrong = |problem: String| -> ! { panic!("{name}: {problem}\n{block}") };
            let spec: Spec =
                serde_saphyr::from_str(&on_one_machine(&block)).unwrap_or_else(|why| wrong(why.to_string()));
            let secrets = Secrets::Written { environment: &secret, outbound: None };
            let guard = Guard { allow_loopback: true, allow_sns: false };
            Config::check(spec, secrets, guard).map(drop).unwrap_or_else(|why| wrong(why.to_string()));
            read += 1;
        }
    }
    assert!(read >= 15, "{read}");
}
