// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>Which functions the kernel judges at all: both ends have a type 0 header, and the provider has memory to reach (row R43a).</summary>
public static class P2PEnds
{
    /// <summary>Whether a function can be a provider.</summary>
    /// <param name="function">The function.</param>
    /// <param name="problem">Why not, as a sentence without a full stop; empty where it can.</param>
    public static bool CanProvide(PciFunction function, out string problem)
    {
        if (CanReach(function, out problem) && !function.HasMemoryBar)
        {
            problem = $"{function} has no memory BAR: there is nothing to reach";
        }

        return problem.Length == 0;
    }

    /// <summary>Whether a function can be a client.</summary>
    /// <param name="function">The function.</param>
    /// <param name="problem">Why not, as a sentence without a full stop; empty where it can.</param>
    public static bool CanReach(PciFunction function, out string problem)
    {
        string kind = P2PExplanation.Describe(function);
        problem = function.HeaderType == PciHeaderType.Endpoint ? "" : $"{function} is a bridge ({kind}): verdicts are between functions with a type 0 header";
        return problem.Length == 0;
    }
}
