//! The lint itself: files in, findings out.

use serde::Serialize;

use super::{Allowance, Finding, SourceFile, address, credential, folder, kind::Kind, program, registry, variable};

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Files that were read.
    pub files: usize,
    /// What breaks a rule and is not allowed, by file and line.
    pub findings: Vec<Finding>,
    /// Allowances that covered nothing.
    pub unused: Vec<Allowance>,
}

impl Report {
    /// Whether there is nothing to mend.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unused.is_empty()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        for allowance in &self.unused {
            writeln!(f, "{allowance}")?;
        }
        let (findings, unused) = (self.findings.len(), self.unused.len());
        write!(f, "{} files, {findings} findings, {unused} unused allowances", self.files)
    }
}

/// Looks at every line of `files`.
#[must_use]
pub fn check(files: &[SourceFile], allowed: &[Allowance]) -> Report {
    let mut used = vec![false; allowed.len()];
    let mut findings = Vec::new();
    for finding in files.iter().flat_map(look) {
        let covering: Vec<usize> = (0..allowed.len()).filter(|&entry| allowed[entry].covers(&finding)).collect();
        for &entry in &covering {
            used[entry] = true;
        }
        if covering.is_empty() {
            findings.push(finding);
        }
    }
    findings.sort();
    let unused = allowed.iter().zip(used).filter(|(_, used)| !used).map(|(entry, _)| entry.clone()).collect();
    Report { files: files.len(), findings, unused }
}

fn look(file: &SourceFile) -> Vec<Finding> {
    let kind = Kind::of(&file.path, &file.text);
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut found = Vec::new();
        address::look(line, &mut found);
        folder::look(line, &mut found);
        program::look(kind, line, &mut found);
        registry::look(line, &mut found);
        credential::look(kind, line, &mut found);
        variable::look(&file.path, kind, line, &mut found);
        found.dedup();
        findings.extend(found.into_iter().map(|(rule, found)| Finding {
            file: file.path.clone(),
            line: index + 1,
            rule,
            found,
            text: line.to_owned(),
        }));
    }
    findings
}
