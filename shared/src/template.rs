//! A header's value with places to fill in, such as `{{ data.order.id }}`: values that are picked, in bounded work.

mod pick;

use std::sync::Arc;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, filters};

/// Read once, filled in for each webhook.
#[derive(Clone)]
pub struct Template {
    /// Nothing else is in it.
    environment: Arc<Environment<'static>>,
}

/// What a template may name.
pub const NAMES: [&str; 8] = ["id", "type", "timestamp", "tenant", "endpoint", "channels", "attempt", "data"];

/// Steps of one filling in.
const FUEL: u64 = 1_000;

const LONGEST: usize = 1_000;

/// Each may walk through all of an event's data.
const MOST_PLACES: usize = 10;

const NAME: &str = "header";

/// What is wrong with a template, worded to follow its key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotATemplate(String);

/// Why a template cannot be filled in with this event, worded to follow the header's name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    #[error("its template takes too much work")]
    TooMuchWork,
    #[error("its template does not fit the event ({0})")]
    Unfit(String),
}

impl Template {
    /// # Errors
    /// It is too long, says nothing of the event, is not well-formed, or uses what is not there.
    pub fn read(text: &str) -> Result<Self, NotATemplate> {
        if text.len() > LONGEST {
            return Err(NotATemplate(format!("is longer than {LONGEST} bytes")));
        }
        if !text.contains("{{") {
            return Err(NotATemplate("has no {{ … }}; write the text itself instead of a template".into()));
        }
        if text.contains("{%") || text.contains("{#") {
            return Err(NotATemplate("has {% … %} or {# … #}; only {{ … }} can be used".into()));
        }
        let places: Vec<_> = text.split("{{").skip(1).collect();
        if places.len() > MOST_PLACES {
            return Err(NotATemplate(format!(
                "has {} places to fill in; at most {MOST_PLACES} are allowed",
                places.len()
            )));
        }
        if !places.iter().all(|place| place.split_once("}}").is_some_and(|(inside, _)| pick::picks(inside))) {
            return Err(NotATemplate(
                "can only pick values, like {{ data.order.id }}, {{ data.lines[0]['sku'] }} or {{ channels|join('+') }}".into(),
            ));
        }
        let mut environment = environment();
        environment.add_template_owned(NAME, text.to_owned()).map_err(|problem| malformed(&problem))?;
        let template = Self { environment: Arc::new(environment) };
        template.check()?;
        Ok(template)
    }

    /// Only what an event has may be named; filters are known once they are used.
    fn check(&self) -> Result<(), NotATemplate> {
        let names = self.environment.get_template(NAME).map(|template| template.undeclared_variables(false));
        let unknown = names.unwrap_or_default().into_iter().find(|name| !NAMES.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            let problem =
                format!("names \"{}\", which is not there. Allowed: {}", unknown.escape_debug(), NAMES.join(", "));
            return Err(NotATemplate(problem));
        }
        match self.render(minijinja::context! { channels => [""; 0], attempt => 1 }) {
            Err(problem) if is_misspelt(problem.kind()) => Err(malformed(&problem)),
            _ => Ok(()),
        }
    }

    /// The text, or `None` if it asks for what this event does not have.
    ///
    /// # Errors
    /// Its values are not of the kinds that the template works with, or there is too much of them.
    pub fn fill(&self, values: Value) -> Result<Option<String>, Unfilled> {
        match self.render(values) {
            Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            Err(problem) => match problem.kind() {
                ErrorKind::UndefinedError => Ok(None),
                ErrorKind::OutOfFuel => Err(Unfilled::TooMuchWork),
                // Its detail may hold data.
                kind => Err(Unfilled::Unfit(kind.to_string())),
            },
        }
    }

    fn render(&self, values: Value) -> Result<String, Error> {
        self.environment.get_template(NAME)?.render(values)
    }
}

fn is_misspelt(kind: ErrorKind) -> bool {
    use ErrorKind::{MissingArgument, TooManyArguments, UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest};
    matches!(kind, UnknownFilter | UnknownFunction | UnknownMethod | UnknownTest | TooManyArguments | MissingArgument)
}

fn malformed(problem: &Error) -> NotATemplate {
    let detail = problem.detail().map(|detail| format!(": {}", detail.escape_debug())).unwrap_or_default();
    NotATemplate(format!("is not a template: {}{detail}", problem.kind()))
}

/// What needs little memory whatever it is given: nothing that repeats or replaces.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_formatter(|out, _, value| {
        if value.is_undefined() || value.is_none() {
            return Err(ErrorKind::UndefinedError.into());
        }
        // Python writes True.
        let value = match value.kind() {
            ValueKind::Bool => if value.is_true() { "true" } else { "false" }.into(),
            _ => value.clone(),
        };
        std::fmt::Write::write_fmt(out, format_args!("{value}")).map_err(|_| ErrorKind::WriteFailure.into())
    });
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", filters::float);
    environment.add_filter("int", filters::int);
    environment.add_filter("join", filters::join);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("round", filters::round);
    environment.add_filter("string", filters::string);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment
}

#[cfg(test)]
mod tests {
    use minijinja::context;
    use proptest::prelude::*;

    use super::*;

    fn fill(text: &str) -> Result<Option<String>, Unfilled> {
        let data = context! { n => 17, s => "Ab", z => (), list => vec!["x", "y"], long => "x".repeat(5_000) };
        Template::read(text).unwrap().fill(context! { id => "e", attempt => 2, channels => vec!["a", "b"], data })
    }

    fn refused(text: &str) -> String {
        Template::read(text).err().unwrap().to_string()
    }

    #[test]
    fn values_stand_where_the_template_names_them() {
        let filled = |text: &str| fill(text).unwrap().unwrap();
        assert_eq!(filled("{{ id }}/{{ attempt }}/{{ data.n }}"), "e/2/17");
        assert_eq!(filled("{{ data.s|upper }} {{ data.list|join('+') }} {{ channels|length }}"), "AB x+y 2");
        assert_eq!(filled("{{ data.gone|default('-') }}{{ data.a.b.c|default(9) }}"), "-9");
        assert_eq!(filled("text/* {{ data.list[1] }}"), "text/* y");
    }

    #[test]
    fn what_is_not_there_leaves_the_header_out() {
        for text in ["{{ data.gone }}", "a {{ data.gone.deeper }}", "{{ data.z }}", "{{ data.gone|default('') }}"] {
            assert_eq!(fill(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_template_is_read_strictly() {
        for (text, problem) in [
            ("nightly", "has no {{"),
            ("{{ data.", "can only pick values"),
            ("{{ }}", "can only pick values"),
            ("{{ order }}", "names \"order\", which is not there. Allowed: id, type"),
            ("{{ range(9) }}", "can only pick values"),
            ("{{ data.a|shout }}", "is not a template: unknown filter"),
            ("{{ data.a is odd }}", "can only pick values"),
            ("{% for x in data %}{{ x }}{% endfor %}", "has {% … %}"),
            ("{{ '}}' * 100000000 }}", "can only pick values"),
            ("{{ data.a }}{{ data.b ** 9 }}", "can only pick values"),
            ("{{ data.l|join(data.l|join(data.t)) }}", "can only pick values"),
        ] {
            assert!(refused(text).starts_with(problem), "{text}: {}", refused(text));
        }
        assert!(refused(&format!("{{{{ id }}}}{}", "x".repeat(1_000))).contains("longer"));
        assert!(refused(&"{{ id }}".repeat(11)).starts_with("has 11 places"));
    }

    #[test]
    fn what_does_not_fit_is_said_without_the_data() {
        assert_eq!(fill("{{ data.s|int }}"), Err(Unfilled::Unfit("invalid operation".into())));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[{}%*|.a-z'\\[\\]()0-9 +~-]{0,40}", inside in ".{0,30}") {
            for text in [text, format!("{{{{{inside}}}}}")] {
                if let Ok(template) = Template::read(&text) {
                    let _ = template.fill(context! { data => "x" });
                }
            }
        }
    }
}
