//! A network of machines that are none: a network namespace each, with a bridge between them that this machine has an address on, too. Links
//! break and come back, and machines lose power.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::process;
use crate::machine;

/// The machines, numbered from 0. They end with this.
#[derive(Debug)]
pub(crate) struct Network {
    /// What its names begin with.
    prefix: String,
    /// The first three numbers of the addresses.
    subnet: String,
    machines: usize,
}

impl Network {
    /// Makes so many machines.
    ///
    /// # Errors
    /// Without root, or where the system has no namespaces.
    pub(crate) fn start(machines: usize) -> Result<Self> {
        ensure!(machine::is_root(), "network namespaces are for root: run this as root");
        machine::need_program("ip", &["iproute2"])?;
        let id = std::process::id();
        let prefix = format!("jtn{:x}", id % 0xfffff);
        let network = Self { prefix, subnet: format!("10.213.{}", id % 250), machines };
        let bridge = network.bridge();
        ip(&format!("link add {bridge} type bridge"))?;
        ip(&format!("addr add {}.254/24 dev {bridge}", network.subnet))?;
        ip(&format!("link set {bridge} up"))?;
        for machine in 0..machines {
            let (name, link, address) =
                (network.name(machine), network.link(machine), network.address(machine));
            ip(&format!("netns add {name}"))?;
            ip(&format!("link add {link} type veth peer name eth0 netns {name}"))?;
            ip(&format!("link set {link} master {bridge} up"))?;
            ip(&format!("-n {name} addr add {address}/24 dev eth0"))?;
            ip(&format!("-n {name} link set eth0 up"))?;
            ip(&format!("-n {name} link set lo up"))?;
        }
        Ok(network)
    }

    /// The address of a machine.
    pub(crate) fn address(&self, machine: usize) -> String {
        format!("{}.{}", self.subnet, machine + 1)
    }

    /// A command on a machine. The process that it starts is the program itself.
    pub(crate) fn command(&self, machine: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(machine), program]);
        command
    }

    /// Takes a machine from the network: nobody hears of it any more, and nobody is told.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn unplug(&self, machine: usize) -> Result<()> {
        ip(&format!("link set {} down", self.link(machine)))
    }

    /// Puts it back.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn plug(&self, machine: usize) -> Result<()> {
        ip(&format!("link set {} up", self.link(machine)))
    }

    /// Lets a machine send nothing to the other machines, which then have no answers of it either. This machine still reaches it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn part(&self, machine: usize) -> Result<()> {
        self.route(machine, "add")
    }

    /// Lets it send to them again.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn join(&self, machine: usize) -> Result<()> {
        self.route(machine, "del")
    }

    fn route(&self, machine: usize, change: &str) -> Result<()> {
        for other in (0..self.machines).filter(|other| *other != machine) {
            let (name, other) = (self.name(machine), self.address(other));
            ip(&format!("-n {name} route {change} blackhole {other}/32"))?;
        }
        Ok(())
    }

    /// Ends all processes of a machine at once, none of which does anything in between.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn cut_power(&self, machine: usize) -> Result<()> {
        for signal in [Signal::STOP, Signal::KILL] {
            let ids = process::output(
                "ip netns pids",
                Command::new("ip").args(["netns", "pids", &self.name(machine)]),
            )?;
            for id in ids.split_whitespace() {
                let pid = id.parse().ok().and_then(Pid::from_raw).context("no process")?;
                match kill_process(pid, signal) {
                    // It may have ended by itself.
                    Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                    Err(error) => return Err(error).context("cannot send a signal"),
                }
            }
        }
        Ok(())
    }

    fn bridge(&self) -> String {
        format!("{}b", self.prefix)
    }

    fn name(&self, machine: usize) -> String {
        format!("{}-{machine}", self.prefix)
    }

    fn link(&self, machine: usize) -> String {
        format!("{}v{machine}", self.prefix)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for machine in 0..self.machines {
            let _ = self.cut_power(machine);
            let _ = ip(&format!("link del {}", self.link(machine)));
            let _ = ip(&format!("netns del {}", self.name(machine)));
        }
        let _ = ip(&format!("link del {}", self.bridge()));
    }
}

fn ip(arguments: &str) -> Result<()> {
    process::output("ip", Command::new("ip").args(arguments.split(' '))).map(drop)
}
