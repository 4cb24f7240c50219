//! `rec config`: what the desk is told, from where, and whether it is sound.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use rec_config::{ConfigErrors, Loaded, Sources};
use serde::Serialize;

use super::{
    say::{colours, complain, say, say_json},
    table::columns,
};

/// `rec config`.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// What is wanted.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What `rec config` does.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// List every setting with its value and where the value came from.
    ///
    /// A later layer wins: defaults, the configuration file, REC_* variables, the command line. Secrets are listed
    /// as `[redacted]`.
    Show {
        /// Print a JSON list of {key, value, origin}.
        #[arg(long)]
        json: bool,
    },
    /// Check every layer and report all faults at once, each with the line it stands in.
    ///
    /// Exit code 0 when the desk would start with this configuration, 1 when there is a fault.
    Check {
        /// Print JSON: {sound, file, warnings, faults}.
        #[arg(long)]
        json: bool,
    },
    /// Write a configuration file in which every setting is explained and commented out.
    ///
    /// It goes to --config, or to rec/config.local.toml in the user's configuration folder. A file that is there
    /// stays as it is.
    Init,
    /// Print every setting with its default, its variable and what it means, as Markdown.
    Doc,
}

#[derive(Serialize)]
struct Checked<'a> {
    sound: bool,
    file: Option<&'a std::path::Path>,
    warnings: &'a [String],
    faults: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    place: Option<&'a str>,
    message: &'a str,
    advice: Option<&'a str>,
}

/// Runs `rec config`.
///
/// # Errors
/// When a file cannot be written, or the answer not be said. A faulty configuration is reported and gives exit code 1.
pub fn run(args: ConfigArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    match args.command {
        ConfigCommand::Show { json } => show(json, &sources),
        ConfigCommand::Check { json } => check(json, &sources),
        ConfigCommand::Init => {
            let file = rec_config::init(&sources)?;
            say(&format!("{} is written; every setting in it is explained and commented out", file.display()));
            Ok(ExitCode::SUCCESS)
        }
        ConfigCommand::Doc => {
            say(rec_config::settings_markdown().trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The configuration with its warnings said; its faults said and none.
pub(super) fn loaded(sources: &Sources) -> Option<Loaded> {
    match rec_config::load(sources) {
        Ok(loaded) => {
            warn(&loaded);
            Some(loaded)
        }
        Err(errors) => {
            report(&errors);
            None
        }
    }
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        complain(&format!("warning: {warning}"));
    }
}

fn report(errors: &ConfigErrors) {
    complain(errors.report(colours()).trim_end());
}

fn show(json: bool, sources: &Sources) -> anyhow::Result<ExitCode> {
    let Some(loaded) = loaded(sources) else { return Ok(ExitCode::FAILURE) };
    let settings = loaded.settings();
    if json {
        say_json(&settings)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = settings
        .into_iter()
        .map(|setting| {
            let value = setting.value.unwrap_or_else(|| "(not set)".to_owned());
            let origin = setting.origin.map(|origin| format!("# {origin}")).unwrap_or_default();
            [setting.key, format!("= {value}"), origin]
        })
        .collect();
    say(&columns(&rows, &[]));
    Ok(ExitCode::SUCCESS)
}

fn check(json: bool, sources: &Sources) -> anyhow::Result<ExitCode> {
    let result = rec_config::load(sources);
    match (&result, json) {
        (Ok(loaded), false) => {
            warn(loaded);
            let file = match &loaded.file {
                Some(file) => format!("{} is read", file.display()),
                None => "there is no configuration file, `rec config init` writes one".to_owned(),
            };
            say(&format!("the configuration is sound ({file}); mode {}", loaded.config.mode));
        }
        (Err(errors), false) => report(errors),
        (Ok(loaded), true) => say_json(&Checked {
            sound: true,
            file: loaded.file.as_deref(),
            warnings: &loaded.warnings,
            faults: Vec::new(),
        })?,
        (Err(errors), true) => {
            let problems = errors.problems().iter();
            let faults = problems
                .map(|problem| Fault { place: problem.place(), message: problem.message(), advice: problem.advice() })
                .collect();
            say_json(&Checked { sound: false, file: None, warnings: &[], faults })?;
        }
    }
    Ok(if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let env = [("HOME".into(), "/nonexistent/home".into())].into();
        Sources { env, files: Some(std::collections::BTreeMap::new()), ..Sources::default() }
    }

    fn exit(command: ConfigCommand, sources: Sources) -> String {
        format!("{:?}", run(ConfigArgs { command }, sources).expect("said"))
    }

    #[test]
    fn a_sound_configuration_is_success_and_a_fault_is_failure() {
        let success = format!("{:?}", ExitCode::SUCCESS);
        for json in [false, true] {
            assert_eq!(exit(ConfigCommand::Check { json }, sources()), success);
            assert_eq!(exit(ConfigCommand::Show { json }, sources()), success);
            let faulty = sources().with("--speed", "clock.speed", "fast");
            assert_ne!(exit(ConfigCommand::Check { json }, faulty.clone()), success);
            assert_ne!(exit(ConfigCommand::Show { json }, faulty), success);
        }
    }

    #[test]
    fn init_writes_once_and_never_over_a_file() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("with space").join("config.toml");
        let named = Sources { config_flag: Some(file.clone()), ..sources() };
        run(ConfigArgs { command: ConfigCommand::Init }, named.clone()).expect("written");
        assert!(file.exists());
        let again = run(ConfigArgs { command: ConfigCommand::Init }, named).expect_err("there is one");
        assert!(again.to_string().contains("stays as it is"), "{again}");
    }

    /// `REC_TEST_UPDATE=1` writes the page's part anew.
    #[test]
    fn the_page_of_settings_says_what_the_program_reads() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/CONFIGURATION.md");
        let page = std::fs::read_to_string(&file).expect("a page");
        let (before, rest) = page.split_once("<!-- settings -->\n").expect("the mark of the settings' beginning");
        let (told, after) = rest.split_once("<!-- end of settings -->").expect("the mark of their end");
        let wanted = format!("\n{}", rec_config::settings_markdown());
        if std::env::var_os("REC_TEST_UPDATE").is_some_and(|value| value == "1") {
            let anew = format!("{before}<!-- settings -->\n{wanted}<!-- end of settings -->{after}");
            std::fs::write(&file, anew).expect("written");
            return;
        }
        let old = wanted.lines().find(|line| !told.lines().any(|known| known == *line));
        assert!(
            told == wanted,
            "docs/CONFIGURATION.md is old, as at {old:?}: REC_TEST_UPDATE=1 cargo test -p rec-cli the_page_of_settings"
        );
    }
}
