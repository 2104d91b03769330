// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Pmem;

namespace Physr.Cli;

/// <summary>One memory of a scenario, planned.</summary>
/// <param name="Name">Whose it is: <c>ram</c>, <c>nvme0 BAR 4</c>, <c>gpu0 memory</c>.</param>
/// <param name="Plan">What it costs.</param>
public sealed record PlanCommandMemory(string Name, DescriptorPlan Plan);
