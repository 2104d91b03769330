// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Topology;

/// <summary>Something about a function, or about the capture, that could not be read or made no sense; the rest is still judged.</summary>
/// <param name="Subject">The function's address, or the directory concerned.</param>
/// <param name="File">Which file or link of it.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Assumption">What was assumed instead.</param>
public sealed record PciDiagnostic(string Subject, string File, string Problem, string Assumption)
{
    /// <summary>The four as one line.</summary>
    public override string ToString() => $"{Subject}: {File}: {Problem}; {Assumption}";
}
