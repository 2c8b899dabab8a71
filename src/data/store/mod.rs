//! Where data come from and where they are kept: pinned packages and folders of the user, and the
//! cache of converted arrays, in memory and in shards.

mod archive;
pub mod cache;
pub mod element;
mod fetch;
pub mod folder;
mod from_folder;
pub mod make;
pub(super) mod prepare;
pub mod shards;
pub mod source;
