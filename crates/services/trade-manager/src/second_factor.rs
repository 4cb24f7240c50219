//! The second factor of arming: time-based one-time codes (RFC 6238) of a secret that only trade-manager reads.
//!
//! What a code may do, how often it counts and how many wrong ones are borne is decided by the machine; here it is only
//! compared. The code itself goes no further than this file.

use std::path::Path;

use rec_domain::{
    Timestamp,
    arming::{Factor, OneTimeCode},
    command::{DeskCommand, DeskRequest},
};
use totp_rs::{Builder, Secret, Totp};

/// Puts the finding about a code in its place. A request that brings a finding of its own brings nothing.
pub(crate) fn check(request: &mut DeskRequest, secret_file: &Path, wall: Timestamp) {
    if let DeskCommand::Arm(arm) = &mut request.command {
        arm.factor = match &arm.factor {
            Factor::Code { code } => found(code, secret_file, wall),
            Factor::NotEnrolled { .. } | Factor::Wrong | Factor::Right { .. } => Factor::Wrong,
        };
    }
}

/// Read at each try, so that an enrolment counts at once.
fn found(code: &OneTimeCode, secret_file: &Path, wall: Timestamp) -> Factor {
    let totp = match read(secret_file) {
        Ok(totp) => totp,
        Err(why) => return Factor::NotEnrolled { why },
    };
    let seconds = u64::try_from(wall.seconds()).unwrap_or(0);
    let step = totp.check(code.expose(), seconds).and_then(|step| i64::try_from(step).ok());
    step.map_or(Factor::Wrong, |step| Factor::Right { step })
}

/// Codes of six digits that change every thirty seconds; one step early or late is taken.
fn read(file: &Path) -> Result<Totp, String> {
    let place = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{place} cannot be read ({error}); `rec arm enroll` makes one"))?;
    let secret = Secret::try_from_base32(text.trim()).map_err(|_error| format!("{place} holds no secret in base32"))?;
    Builder::new().with_secret(secret).build().map_err(|error| format!("{place} cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use rec_domain::{DecisionId, TimeSpan, arming::ArmRequest};

    use super::*;

    /// The secret of RFC 6238's examples, in base32.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn checked(file: &Path, factor: Factor, seconds: i64) -> Factor {
        let arm =
            ArmRequest { duration: TimeSpan::from_minutes(60), reason: "a test".to_owned(), take_over: false, factor };
        let command = DeskCommand::Arm(arm);
        let mut request = DeskRequest { decision: DecisionId::of("a"), requester: "operator".to_owned(), command };
        check(&mut request, file, Timestamp::from_seconds(seconds));
        let DeskCommand::Arm(arm) = request.command else { unreachable!("the same command") };
        arm.factor
    }

    #[test]
    fn a_code_counts_for_its_own_step_and_the_ones_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("totp-secret");
        std::fs::write(&file, format!("{SECRET}\n")).expect("written");
        let code = |text: &str| Factor::Code { code: OneTimeCode::new(text) };
        // RFC 6238, appendix B, at 59 s: 94287082, of which six digits are the last six.
        for seconds in [0, 30, 59, 60, 89] {
            assert_eq!(checked(&file, code("287 082"), seconds), Factor::Right { step: 1 }, "{seconds}");
        }
        assert_eq!(checked(&file, code("287082"), 90), Factor::Wrong);
        assert_eq!(checked(&file, code("94287082"), 59), Factor::Wrong);
        assert_eq!(checked(&file, code("28708x"), 59), Factor::Wrong);
        assert_eq!(checked(&file, code(""), 59), Factor::Wrong);
    }

    #[test]
    fn whoever_asks_cannot_say_that_his_code_was_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("totp-secret");
        std::fs::write(&file, SECRET).expect("written");
        assert_eq!(checked(&file, Factor::Right { step: 1 }, 59), Factor::Wrong);
    }

    #[test]
    fn without_a_usable_secret_nothing_is_enrolled_and_the_secret_is_not_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("totp-secret");
        let code = Factor::Code { code: OneTimeCode::new("287082") };
        for text in [None, Some("not base32!"), Some("GEZDGNBV")] {
            if let Some(text) = text {
                std::fs::write(&file, text).expect("written");
            }
            let Factor::NotEnrolled { why } = checked(&file, code.clone(), 59) else { panic!("{text:?} was taken") };
            assert!(!why.contains(text.unwrap_or("not base32!")), "{why}");
        }
    }
}
