// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Mm.Tests.Differential;

/// <summary>A program: operations in order. Where it comes from a seed, the seed brings it back.</summary>
internal sealed record MmSequence(ulong Seed, ProbeMode Mode, IReadOnlyList<MmOp> Ops)
{
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine($"seed {Seed}, {(Mode == ProbeMode.Quiet ? "quiet" : Mode == ProbeMode.Reads ? "every page read after each step" : "every page read and written after each step")}");
        for (int i = 0; i < Ops.Count; i++)
        {
            text.AppendLine($"  {i,3}  {Ops[i]}");
        }

        return text.ToString();
    }
}
