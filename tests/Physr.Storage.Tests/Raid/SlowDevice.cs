// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Machine.Simulation;

namespace Physr.Storage.Tests.Raid;

/// <summary>A device that completes later and in any order, fails what it is told to fail, and hides that its bytes are memory.</summary>
internal sealed class SlowDevice(BlockDevice inner, SeededRandom random) : BlockDevice(inner.Name, inner.Sectors, inner.Limits)
{
    private readonly List<Bio> _queue = [];

    /// <summary>What a request fails with before it does anything.</summary>
    public Func<Bio, BlockStatus> Fault { get; set; } = static _ => BlockStatus.Ok;

    public bool IsReadOnlyNow { get; set; }

    public override bool IsReadOnly => IsReadOnlyNow;

    public int Requests { get; private set; }

    protected override bool PollCore()
    {
        if (_queue.Count == 0)
        {
            return false;
        }

        int at = (int)random.Below((ulong)_queue.Count);
        Bio bio = _queue[at];
        _queue.RemoveAt(at);
        BlockStatus status = Fault(bio);
        if (status == BlockStatus.Ok)
        {
            Bio copy = bio.Operation is BioOperation.Read or BioOperation.Write
                ? new(bio.Operation, bio.Sector, bio.Data, bio.Flags)
                : new(bio.Operation, bio.Sector, bio.Sectors, bio.Flags);
            status = inner.Execute(copy);
        }

        bio.Complete(status);
        return true;
    }

    protected override void Start(Bio bio)
    {
        Requests++;
        _queue.Add(bio);
    }
}
