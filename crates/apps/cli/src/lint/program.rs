//! Programs that are found by luck, and processes that are ended by it.

use super::{Rule, kind::Kind, token::runs};

/// Folders below which a project's own programs are made; a command that begins with one works in one folder only.
const OWN_FOLDERS: &[&str] = &["bin/", "node_modules/", "scripts/", "target/", "venv/", ".venv/"];

/// Looks at one line of a file of this kind.
pub(super) fn look(kind: Kind, line: &str, found: &mut Vec<(Rule, String)>) {
    match kind {
        Kind::Rust => rust(line, found),
        Kind::Script => script(line, found),
        Kind::Unit | Kind::Nix => unit(kind, line, found),
        Kind::Settings | Kind::Other => return,
    }
    for word in runs(line, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        if matches!(word, "pkill" | "killall") {
            found.push((Rule::KillByName, word.to_owned()));
        }
    }
    if line.contains("pgrep -f") {
        found.push((Rule::KillByName, "pgrep -f".to_owned()));
    }
}

fn rust(line: &str, found: &mut Vec<(Rule, String)>) {
    if line.contains("current_dir()") {
        found.push((Rule::WorkingDirectory, "current_dir()".to_owned()));
    }
    if let Some((_, rest)) = line.split_once("Command::new(\"")
        && let Some((program, _)) = rest.split_once('"')
        && program.contains('/')
        && !program.starts_with('/')
    {
        found.push((Rule::RelativeProgram, program.to_owned()));
    }
}

fn script(line: &str, found: &mut Vec<(Rule, String)>) {
    let line = line.trim_start();
    if line.starts_with('#') {
        return;
    }
    let mut command = true;
    for word in line.split_whitespace() {
        let bare = word.trim_start_matches(['(', '$', '`', '"', '{', '!']);
        let program = match word.rsplit_once("$(") {
            Some((_, inner)) => Some(inner.trim_end_matches(['"', ')'])),
            None => command.then_some(bare),
        };
        if let Some(program) = program.filter(|program| is_relative(program)) {
            found.push((Rule::RelativeProgram, program.to_owned()));
        }
        let leads_on = matches!(
            word,
            "&&" | "||"
                | "|"
                | "then"
                | "do"
                | "else"
                | "!"
                | "{"
                | "exec"
                | "sudo"
                | "env"
                | "bash"
                | "sh"
                | "source"
                | "."
                | "nohup"
                | "time"
                | "if"
                | "while"
                | "until"
        );
        command = leads_on || word.ends_with(';') || (command && is_assignment(word));
    }
}

/// `NAME=value` before a command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

fn is_relative(word: &str) -> bool {
    !word.ends_with(')') && (word.starts_with("./") || word.starts_with("../") || begins_in_own_folder(word))
}

fn begins_in_own_folder(word: &str) -> bool {
    OWN_FOLDERS.iter().any(|folder| word.starts_with(folder))
}

fn unit(kind: Kind, line: &str, found: &mut Vec<(Rule, String)>) {
    let Some((key, value)) = line.trim_start().split_once('=') else { return };
    let (key, value) = (key.trim(), value.trim());
    let key = key.rsplit('.').next().unwrap_or(key);
    let quoted = value.starts_with(['"', '\'']);
    let value = value.trim_start_matches(['"', '\'']);
    let runs_a_program = key.starts_with("Exec") && key.chars().all(|c| c.is_ascii_alphabetic());
    if runs_a_program || key == "command" {
        if kind == Kind::Nix && !quoted {
            return;
        }
        let program = value.trim_start_matches(['@', '-', ':', '+', '!']);
        if !program.is_empty() && !program.starts_with(['/', '$', '%']) {
            let program = program.split_whitespace().next().unwrap_or(program);
            found.push((Rule::RelativeProgram, program.to_owned()));
        }
    } else if matches!(key, "directory" | "WorkingDirectory") && value.starts_with('.') {
        found.push((Rule::WorkingDirectory, value.trim_end_matches(['"', '\'', ';']).to_owned()));
    } else if is_file(key) && !value.is_empty() && !value.starts_with(['/', '$', '%']) && (kind == Kind::Unit || quoted)
    {
        found.push((Rule::RelativeFile, value.trim_end_matches(['"', '\'', ';']).to_owned()));
    }
}

/// Whether a process manager takes the value for the name of a file: `stdout_logfile`, `pidfile`, `PIDFile`.
fn is_file(key: &str) -> bool {
    ["logfile", "pidfile"].iter().any(|end| key.to_ascii_lowercase().ends_with(end))
}
