// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Machine.Reports;

/// <summary>Page descriptors at one stage of a run.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Descriptors">Descriptors that existed at its end.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StageDescriptors(string Stage, long Descriptors);
