//! rec-unified-production-coordinator
