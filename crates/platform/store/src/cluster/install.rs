//! The command that installs Postgres here.

/// The command that installs the server programs of Postgres, by the text of `/etc/os-release` (none elsewhere
/// than on Linux).
#[must_use]
pub fn install_command(os_release: Option<&str>, is_macos: bool) -> String {
    let field = |name: &str| {
        let text = os_release?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_ascii_lowercase())
    };
    if is_macos {
        return "brew install postgresql@17".to_owned();
    }
    let own = field("ID").unwrap_or_default();
    let like = field("ID_LIKE").unwrap_or_default();
    for id in std::iter::once(own.as_str()).chain(like.split_whitespace()) {
        let command = match id {
            "debian" | "ubuntu" => "sudo apt-get install postgresql",
            "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => "sudo dnf install postgresql-server",
            "arch" | "manjaro" => "sudo pacman -S postgresql",
            "alpine" => "sudo apk add postgresql",
            "suse" | "opensuse" => "sudo zypper install postgresql-server",
            "void" => "sudo xbps-install postgresql",
            "nixos" => "nix profile install nixpkgs#postgresql",
            _ => continue,
        };
        return command.to_owned();
    }
    "nix profile install nixpkgs#postgresql (or your distribution's package of the Postgres server)".to_owned()
}

/// The command for this machine.
pub(crate) fn install_command_here() -> String {
    let os_release =
        ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|path| std::fs::read_to_string(path).ok());
    install_command(os_release.as_deref(), cfg!(target_os = "macos"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_command_of_the_distribution() {
        let cases = [
            ("ID=debian\n", "sudo apt-get install postgresql"),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "sudo apt-get install postgresql"),
            ("NAME=x\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf install postgresql-server"),
            ("ID=fedora\n", "sudo dnf install postgresql-server"),
            ("ID=endeavouros\nID_LIKE=arch\n", "sudo pacman -S postgresql"),
            ("ID=alpine\n", "sudo apk add postgresql"),
            ("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "sudo zypper install postgresql-server"),
            ("ID=nixos\n", "nix profile install nixpkgs#postgresql"),
        ];
        for (os_release, command) in cases {
            assert_eq!(install_command(Some(os_release), false), command);
        }
        assert_eq!(install_command(None, true), "brew install postgresql@17");
        assert!(install_command(None, false).starts_with("nix profile install"));
    }
}
