//! The served twin.
