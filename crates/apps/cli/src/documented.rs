//! Commands that the documents tell people to type are commands that there are.

use std::{fs, path::Path};

use clap::{Parser as _, error::ErrorKind};

use crate::args::Cli;

/// What follows `rec` wherever a page shows it in code, cut where the shell or the page goes on.
fn commands(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let code: Vec<&str> = if fenced { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for code in code {
            let starts = code.match_indices("rec ").map(|(at, _)| at);
            for at in starts.filter(|at| *at == 0 || code[..*at].ends_with([' ', '\'', '('])) {
                let rest = &code[at + "rec ".len()..];
                // Two blanks begin what is said of it.
                let ends = [rest.find(['|', ';', '#', '>', '\'', '&', '$', ')']), rest.find("  ")];
                let end = ends.into_iter().flatten().min().unwrap_or(rest.len());
                found.push(rest[..end].trim().to_owned());
            }
        }
    }
    found.retain(|command| command.starts_with(|first: char| first.is_ascii_lowercase()));
    found
}

/// The words of a command as a shell would give them; what is optional on the page is given.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            let plain = part.split_whitespace().map(|word| word.trim_matches(['[', ']']).to_owned());
            words.extend(plain.filter(|word| word != "..."));
        }
    }
    words
}

#[test]
fn every_command_of_the_documents_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("this crate stands in the workspace");
    let mut pages = vec![root.join("README.md")];
    pages
        .extend(fs::read_dir(root.join("docs")).expect("there are documents").map(|entry| entry.expect("read").path()));
    let (mut count, mut wrong) = (0, Vec::new());
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        for command in commands(&fs::read_to_string(page).expect("a page is text")) {
            count += 1;
            let typed = ["rec".to_owned()].into_iter().chain(words(&command));
            // A page may leave out what has to be said, or say it by a word; it may not name what there is not.
            if let Err(error) = Cli::try_parse_from(typed)
                && matches!(error.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument)
            {
                wrong.push(format!("{}: rec {command}: {}", page.display(), error.kind()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "only {count} commands were found");
}

#[test]
fn a_misspelt_command_is_noticed() {
    let page =
        "Type `rec db vreify FILE`.\n```\nthere 'runuser -u rec -- rec db verify --scartch x'; rec status # all\n```\n";
    let found = commands(page);
    assert_eq!(found, ["db vreify FILE", "db verify --scartch x", "status"]);
    let refused = |command: &str| Cli::try_parse_from(["rec".to_owned()].into_iter().chain(words(command))).is_err();
    assert_eq!(found.iter().map(|command| refused(command)).collect::<Vec<_>>(), [true, true, false]);
}
