//! Why a call has no answer.

use rec_domain::Service;
use thiserror::Error;

/// Why a call has no answer. A refusal by the desk is an answer ([`rec_domain::command::DeskReply::Refused`]), no
/// error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApiError {
    /// The call did not reach the service: nothing happened.
    #[error("{service} is not reachable: {detail}")]
    Unreachable {
        /// Who was called.
        service: Service,
        /// What went wrong.
        detail: String,
    },
    /// No answer within the deadline: it may have happened. Ask again with the same decision id.
    #[error("{service} did not answer within {deadline_ms} ms; what was asked may have been done")]
    Timeout {
        /// Who was called.
        service: Service,
        /// The deadline in milliseconds of wall time.
        deadline_ms: u64,
    },
    /// The service took the call but not what it asks: nothing happened.
    #[error("{service} refused the call ({status}): {detail}")]
    Refused {
        /// Who was called.
        service: Service,
        /// The HTTP status; the local form uses the same numbers.
        status: u16,
        /// Why.
        detail: String,
    },
    /// The service does not know our token: nothing happened.
    #[error("{service} does not accept the service token; both must read the same net.service_token_file")]
    Unauthorized {
        /// Who was called.
        service: Service,
    },
    /// An answer came that cannot be read: it may have happened. Ask again with the same decision id.
    #[error("the answer of {service} cannot be read: {detail}; what was asked may have been done")]
    BadAnswer {
        /// Who was called.
        service: Service,
        /// What went wrong.
        detail: String,
    },
}

impl ApiError {
    /// Whether the call may have had its effect although no answer came.
    #[must_use]
    pub const fn is_uncertain(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::BadAnswer { .. })
    }
}
