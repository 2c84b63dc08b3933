//! worker/engines/portscan
