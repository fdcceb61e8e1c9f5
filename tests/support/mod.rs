//! Shared code of the tests against difficult targets: the command, a relay in front of the target, and the zone as
//! other clients see it.

pub(crate) mod command;
pub(crate) mod relay;
pub(crate) mod zone;
