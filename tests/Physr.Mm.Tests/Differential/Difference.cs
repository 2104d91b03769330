// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Mm.Tests.Differential;

/// <summary>The first step at which the two worlds differ, and how.</summary>
internal sealed record Difference(MmSequence Sequence, int Step, string What)
{
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Sequence);
        text.AppendLine(Step < Sequence.Ops.Count ? $"After step {Step} ({Sequence.Ops[Step]}):" : $"After the closing {(Step == Sequence.Ops.Count ? "read" : "write")} probe:");
        text.Append(What);
        return text.ToString();
    }
}
