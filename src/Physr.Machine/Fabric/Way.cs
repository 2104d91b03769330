// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>A route while it is being found.</summary>
internal sealed class Way
{
    private readonly List<ByteMeter> _request = [];
    private readonly List<ByteMeter> _back = [];
    private readonly List<FabricLink> _links = [];
    private List<ByteMeter>? _completion;

    public bool ThroughRootComplex { get; set; }

    /// <summary>Crosses the link below a port, towards the root complex.</summary>
    public void Up(FabricNode port) => Cross(port.Link!, port.Link!.Up, port.Link!.Down);

    /// <summary>Crosses the link below a port, away from the root complex.</summary>
    public void Down(FabricNode port)
    {
        if (port.Link is { } link)
        {
            Cross(link, link.Down, link.Up);
        }
    }

    /// <summary>From here on completions have a way of their own; otherwise they go back as the request came.</summary>
    public void StartCompletion() => _completion = [];

    /// <summary>Completions cross the link below a port, towards the root complex.</summary>
    public void CompleteUp(FabricNode port)
    {
        _completion!.Add(port.Link!.Up);
        _links.Add(port.Link);
    }

    /// <summary>Completions go down to the requester from a node above it; null is the root complex.</summary>
    public void CompleteDown(FabricNode requester, FabricNode? from)
    {
        int at = _completion!.Count;
        for (FabricNode? node = requester.Parent; node is not null && !ReferenceEquals(node, from); node = node.Parent)
        {
            if (node.Link is { } link)
            {
                _completion.Insert(at, link.Down);
                _links.Add(link);
            }
        }
    }

    public FabricRoute To(RouteTarget target, DmaRange range, ulong offset, FabricNode? node = null, int bar = -1)
    {
        List<ByteMeter>? completion = _completion;
        if (completion is null)
        {
            completion = _back;
            completion.Reverse();
        }

        return new()
        {
            Range = range,
            Target = target,
            Request = [.. _request],
            Completion = [.. completion],
            Links = [.. _links.Distinct()],
            ThroughRootComplex = ThroughRootComplex,
            Node = node,
            Bar = bar,
            TargetOffset = offset,
        };
    }

    public static FabricRoute Refused(ulong address, string why) => new()
    {
        Range = new(new(address), 1),
        Target = RouteTarget.None,
        Request = [],
        Completion = [],
        Links = [],
        ThroughRootComplex = false,
        Refusal = why,
    };

    private void Cross(FabricLink link, ByteMeter there, ByteMeter back)
    {
        _links.Add(link);
        _request.Add(there);
        _back.Add(back);
    }
}
