//! The real binary against real lab hosts.

mod bench;
mod by_hand;
mod cluster;
mod direct;
mod firewall;
mod foreign;
mod guard;
mod guard_by_hand;
mod kill_matrix;
mod load;
mod lockout;
mod lockout_guarded;
mod lockout_others;
mod lockout_struck;
mod outside;
mod rolling;
mod sentinel;
mod snapshot;
mod swap;
mod trouble;
mod trouble_killed;
mod trouble_login;
mod trouble_running;
mod upgrade;
mod world;
