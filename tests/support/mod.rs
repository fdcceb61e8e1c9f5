//! What the tests of runs against difficult targets share: the command, a relay before the target, and the
//! zone as others see it.

pub(crate) mod command;
pub(crate) mod relay;
pub(crate) mod zone;
