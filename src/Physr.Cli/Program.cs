// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli;

using TerminationSignals signals = new();
return PhysrCli.Invoke(args, Terminal.OfProcess(), cancellation: signals.Token);
