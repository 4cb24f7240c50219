//! What the tests stand on.
//!
//! - `program`: the built `rec`. `place`: where one runs. `desk`: one that runs.
//! - `apart`: exchange and desk in processes of their own. `relay`: what stands between them and notes orders.
//! - `trading`: what is traded by hand. `small_disk`: a disk that can be filled.
//! - `web`: what a browser asks. `postgres`, `python`: whether they are there.

pub(crate) mod apart;
pub(crate) mod control;
pub(crate) mod desk;
pub(crate) mod place;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod python;
pub(crate) mod relay;
pub(crate) mod small_disk;
pub(crate) mod trading;
pub(crate) mod web;

pub(crate) use apart::Apart;
pub(crate) use desk::Desk;
pub(crate) use place::{Place, finish};
