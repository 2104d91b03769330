// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>A slot that is in use and does not hold a good label.</summary>
/// <param name="Slot">Which.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record LabelProblem(uint Slot, string Reason);
