//! rec-cascading-failure-detector
