//! The template, deployed to the emulator with the compiled functions, in an account of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Call, Emulator, Wire, built, log};
use crate::harness::http::{Answer, try_send};
use crate::harness::{Mail, PASSWORD, Tools, eventually, run, within};

/// No template says so.
const LOOPBACK: &str = "HOOKPOST_ALLOW_LOOPBACK=true";

/// A deployed stack.
pub struct Stack {
    pub account: String,
    pub outputs: BTreeMap<String, String>,
    pub resources: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    /// A token for events, made when the first is emitted.
    pub(super) token: OnceLock<String>,
}

impl Stack {
    /// With mail to ops@example.com, and the password of the tests for the default source.
    pub fn deploy() -> Self {
        Self::deploy_with(&[("WebhookPassword", PASSWORD)])
    }

    pub fn deploy_with(parameters: &[(&str, &str)]) -> Self {
        Self::deploy_in(Emulator::running().account(), parameters)
    }

    /// Into an account where something is already. Its functions may reach endpoints on this machine.
    pub fn deploy_in(account: String, parameters: &[(&str, &str)]) -> Self {
        let emulator = Emulator::running();
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let (endpoint, name) = (format!("http://{}", emulator.address), format!("hookpost-{account}"));
        let wire = format!("AWS_ENDPOINT_URL={}", Wire::running().url(&account, "{function}"));
        let (template, built) = (template.display().to_string(), built().display().to_string());
        let mut arguments =
            vec![&*template, &*built, &*endpoint, &*account, &*name, "--env", &*wire, "--env", LOOPBACK];
        let mut given = vec!["EmailAddress=ops@example.com".to_owned(), "MailFrom=post@example.com".to_owned()];
        given.extend(parameters.iter().map(|(name, value)| format!("{name}={value}")));
        arguments.extend(given.iter().map(String::as_str));
        let made = Tools::ready().python_of("sam", "deploy.py", &arguments).remove(0);
        let table = |key: &str| serde_json::from_value(made[key].clone()).expect("texts");
        let folder = tempfile::tempdir().expect("a folder");
        let token = OnceLock::new();
        Self { account, outputs: table("outputs"), resources: table("resources"), folder, token }
    }

    /// What the template sets for its functions, for one that runs alone as `function`.
    pub fn environment(&self, function: &str) -> Vec<(String, String)> {
        let resources = [
            ("TABLE_NAME", "Table"),
            ("BUCKET_NAME", "Bucket"),
            ("INBOUND_QUEUE_URL", "InboundQueue"),
            ("INBOUND_KEY_SECRET", "InboundKey"),
            ("ADMIN_TOKEN_SECRET", "AdminToken"),
            ("OUTBOUND_QUEUE_URL", "OutboundQueue"),
            ("OUTBOUND_KEY_SECRET", "OutboundKey"),
            ("ALERTS_TOPIC", "Alerts"),
            ("SCHEDULE_GROUP", "ScheduleGroup"),
        ];
        let wire = self.wire().url(&self.account, function);
        let role = format!("arn:aws:iam::{}:role/{}", self.account, self.resources["ScheduleRole"]);
        let (queue, (loopback, yes)) = (self.queue_arn("OutboundQueue"), LOOPBACK.split_once('=').expect("a pair"));
        let plain = [
            (loopback, yes),
            ("SCHEDULE_ROLE_ARN", &*role),
            ("OUTBOUND_QUEUE_ARN", &*queue),
            ("RETENTION_DAYS", "30"),
            ("METRICS_NAMESPACE", "Hookpost/alone"),
            ("AWS_ENDPOINT_URL", &*wire),
            ("AWS_ACCESS_KEY_ID", &self.account),
            ("EMAIL_ADDRESS", "ops@example.com"),
            ("MAIL_FROM", "post@example.com"),
            ("WEBHOOK_PASSWORD", PASSWORD),
        ];
        let named = resources.iter().map(|(name, resource)| (*name, &*self.resources[*resource]));
        named.chain(plain).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub fn queue_arn(&self, queue: &str) -> String {
        let name = self.resources[queue].rsplit('/').next().expect("a name");
        format!("arn:aws:sqs:us-east-1:{}:{name}", self.account)
    }

    pub fn wire(&self) -> &'static Arc<Wire> {
        Wire::running()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.wire().calls(&self.account)
    }

    /// A request to a function's address, `WebhookUrl` or `ApiUrl`.
    #[track_caller]
    pub fn ask(&self, url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let host = self.outputs[url].trim_start_matches("https://").trim_start_matches("http://");
        let host = host.trim_end_matches('/').to_owned();
        let mut all = vec![("host", &*host)];
        all.extend_from_slice(headers);
        try_send(Emulator::running().address, method, path, &all, body).expect("an answer")
    }

    /// To the listener, at the address that one machine has for it: `/in/{source}`.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let path = path.strip_prefix("/in").expect("an address of the listener");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        self.ask("WebhookUrl", method, &path, headers, body)
    }

    #[track_caller]
    pub fn admin(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.admin_token());
        let mut all = vec![("authorization", &*bearer)];
        all.extend_from_slice(headers);
        self.ask("ApiUrl", method, path, &all, body)
    }

    pub fn admin_token(&self) -> String {
        self.secret("AdminToken")
    }

    pub fn secret(&self, name: &str) -> String {
        let ask = json!({ "SecretId": self.resources[name] });
        let got = Emulator::running().call(&self.account, "secretsmanager", "secretsmanager.GetSecretValue", &ask);
        got["SecretString"].as_str().expect("a secret").to_owned()
    }

    /// Makes this the configuration.
    #[track_caller]
    pub fn apply(&self, yaml: &str) {
        std::fs::write(self.folder.path().join("sources.yaml"), yaml).expect("a file");
        let output = self.verb(&["apply", "sources.yaml", "--yes"], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs a verb against this stack.
    pub fn verb(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let host = self.outputs["ApiUrl"].split("//").nth(1).and_then(|host| host.split('.').next());
        let url = format!("http://{}/_aws/lambda-url/{}", Emulator::running().address, host.expect("an address"));
        let token = self.admin_token();
        let mut all = vec![("HOOKPOST_URL", &*url), ("ADMIN_TOKEN", &*token)];
        all.extend_from_slice(environment);
        run(self.folder.path(), arguments, &all)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a message into the queue that nobody of us made.
    pub fn put_into_queue(&self, body: &str) -> String {
        let ask = json!({ "QueueUrl": self.resources["InboundQueue"], "MessageBody": body });
        let sent = Emulator::running().call(&self.account, "sqs", "AmazonSQS.SendMessage", &ask);
        sent["MessageId"].as_str().expect("an id").to_owned()
    }

    /// How many messages a queue holds: waiting, hidden and delayed.
    pub fn queued(&self, queue: &str) -> u64 {
        let ask = json!({ "QueueUrl": self.resources[queue], "AttributeNames": ["All"] });
        let got = Emulator::running().call(&self.account, "sqs", "AmazonSQS.GetQueueAttributes", &ask);
        let number =
            |name: &str| got["Attributes"][name].as_str().and_then(|n| n.parse::<u64>().ok()).unwrap_or_default();
        number("ApproximateNumberOfMessages")
            + number("ApproximateNumberOfMessagesNotVisible")
            + number("ApproximateNumberOfMessagesDelayed")
    }

    /// Waits until nothing is queued.
    pub fn settle(&self) {
        within(std::time::Duration::from_secs(150), "an empty queue", || {
            (self.queued("InboundQueue") + self.queued("OutboundQueue") == 0).then_some(())
        });
    }

    /// The mails that SES took, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        let sent = self.calls().into_iter().filter(|call| call.action == "ses:SendEmail" && call.status == 200);
        sent.map(|call| mail(&call.json())).collect()
    }

    #[track_caller]
    pub fn mail(&self, id: &str) -> Mail {
        eventually(&format!("mail of {id}"), || self.mails().into_iter().find(|mail| mail.id() == id))
    }

    /// Everything that the functions logged until now. The emulator shows a line after its invocation.
    pub fn log(&self) -> String {
        let groups = ["ListenerLog", "MailerLog", "ApiLog", "SenderLog", "WatcherLog", "DelivererLog"];
        let groups = groups.iter().filter_map(|name| self.resources.get(*name));
        let lines = groups.flat_map(|group| log::lines(&self.account, group)).filter(|line| log::ours(line));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The lines of the deliverer's log that CloudWatch makes metrics of.
    pub fn metrics(&self) -> Vec<Value> {
        let lines = log::lines(&self.account, &self.resources["DelivererLog"]).into_iter();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter(|line| line["_aws"].is_object()).collect()
    }

    /// Rows of the table under that partition.
    pub fn rows(&self, partition: &str) -> Vec<Value> {
        let ask = json!({
            "TableName": self.resources["Table"], "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": partition } },
        });
        let got = Emulator::running().call(&self.account, "dynamodb", "DynamoDB_20120810.Query", &ask);
        got["Items"].as_array().cloned().unwrap_or_default()
    }
}

/// A mail as `/mail` shows it, out of what was handed to SES.
fn mail(request: &Value) -> Mail {
    let simple = &request["Content"]["Simple"];
    let headers = simple["Headers"].as_array().cloned().unwrap_or_default();
    let id = headers.iter().find(|header| header["Name"] == "X-Hookpost-Id").map(|header| header["Value"].clone());
    let to = request["Destination"]["ToAddresses"].as_array().cloned().unwrap_or_default();
    let to: Vec<&str> = to.iter().filter_map(Value::as_str).collect();
    let attachments = simple["Attachments"].as_array().cloned().unwrap_or_default();
    let attachments = attachments.iter().map(|file| {
        let bytes = STANDARD.decode(file["RawContent"].as_str().unwrap_or_default()).expect("base64");
        json!({ "name": file["FileName"], "bytes": bytes.len(), "sha256": hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)) })
    });
    Mail(json!({
        "id": id, "subject": simple["Subject"]["Data"], "to": to.join(", "), "from": request["FromEmailAddress"],
        "text": simple["Body"]["Text"]["Data"], "html": simple["Body"]["Html"]["Data"],
        "attachments": attachments.collect::<Vec<_>>(), "headers": headers,
    }))
}
