//! Names of environment variables that look like settings and are none.

use std::collections::BTreeSet;

use clap::CommandFactory as _;

use super::Cli;

/// What those who run Konto do not set by hand: its own tests and benchmarks, and what Kubernetes tells each container about
/// a service that is called konto.
const OTHERS: &[&str] = &["KONTO_TEST_", "KONTO_BENCH_", "KONTO_SERVICE_", "KONTO_PORT"];

/// How many letters two names may differ in so that the one is taken for the other, misspelt.
const LETTERS: usize = 3;

/// A complaint about each variable of these that begins as the settings do and is none.
pub(super) fn unknown(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let known = known();
    let wrong = names.into_iter().filter(|name| {
        name.starts_with("KONTO_") && !known.contains(name) && !OTHERS.iter().any(|other| name.starts_with(other))
    });
    let complain = |name: String| {
        let nearest = known.iter().map(|known| (strsim::damerau_levenshtein(known, &name), known)).min();
        match nearest {
            Some((distance, meant)) if distance <= LETTERS => {
                format!("{name} is no setting and has no effect: is {meant} meant?")
            }
            _ => format!("{name} is no setting and has no effect"),
        }
    };
    wrong.map(complain).collect()
}

/// The variables of all commands.
fn known() -> BTreeSet<String> {
    fn collect(command: &clap::Command, into: &mut BTreeSet<String>) {
        let variables = command.get_arguments().filter_map(clap::Arg::get_env);
        into.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|command| collect(command, into));
    }
    let mut all = BTreeSet::new();
    collect(&Cli::command(), &mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_named_with_what_was_meant() {
        for (name, complaint) in [
            ("KONTO_LISTEN", None),
            ("KONTO_DATABASE_URL", None),
            ("KONTO_LOOKUP_KEY", None),
            ("KONTO_LOG", None),
            ("KONTO_TEST_POSTGRES_URL", None),
            ("KONTO_SERVICE_HOST", None),
            ("PATH", None),
            (
                "KONTO_DATABSE_URL",
                Some("KONTO_DATABSE_URL is no setting and has no effect: is KONTO_DATABASE_URL meant?"),
            ),
            ("KONTO_LISTN", Some("KONTO_LISTN is no setting and has no effect: is KONTO_LISTEN meant?")),
            ("KONTO_SOMETHING_ELSE", Some("KONTO_SOMETHING_ELSE is no setting and has no effect")),
        ] {
            assert_eq!(unknown([name.to_owned()]).first().map(String::as_str), complaint, "{name}");
        }
    }
}
