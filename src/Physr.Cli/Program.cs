// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using Physr.Cli;

var root = new RootCommand("Memory and DMA without a page descriptor per page.") { P2PCommand.Create(), CaptureCommand.Create() };
return await root.Parse(args).InvokeAsync();
