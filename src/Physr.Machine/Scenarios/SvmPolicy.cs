// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>What a GPU's driver does with a page of a process's memory that the GPU faults on.</summary>
public enum SvmPolicy
{
    /// <summary>Brings it, and its neighbours, into the GPU's memory.</summary>
    Migrate,

    /// <summary>Leaves it in RAM and lets the GPU reach it over the bus.</summary>
    MapSystem,
}
