//! The real binary against a server that says what each test wants to hear.

#[cfg(test)]
mod command;
#[cfg(test)]
mod exit_codes;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod following;
#[cfg(test)]
mod interrupting;
#[cfg(test)]
mod printing;
#[cfg(test)]
mod reply;
#[cfg(test)]
mod unresolved;
