// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Tests.Block;

/// <summary>A device that completes when polled, the last first, and fails as a test says.</summary>
internal sealed class LaterDevice(ulong sectors, BlockQueueLimits limits, IHostBytes host) : BlockDevice("later", sectors, limits)
{
    private readonly Stack<Bio> _started = new();
    private readonly byte[] _bytes = new byte[sectors << Bio.SectorShift];

    public List<string> Seen { get; } = [];

    public Func<Bio, BlockStatus> Answer { get; set; } = static _ => BlockStatus.Ok;

    public ReadOnlySpan<byte> Bytes => _bytes;

    protected override void Start(Bio bio)
    {
        Seen.Add(bio.ToString());
        _started.Push(bio);
    }

    protected override bool PollCore()
    {
        if (!_started.TryPop(out Bio? bio))
        {
            return false;
        }

        BlockStatus status = Answer(bio);
        int at = (int)(bio.Sector << Bio.SectorShift);
        foreach (ProvidedRange entry in status == BlockStatus.Ok ? bio.Data : RangeList.Empty.All)
        {
            Span<byte> here = _bytes.AsSpan(at, (int)entry.Range.Length);
            Assert.Equal(Errno.None, bio.Operation == BioOperation.Read ? host.TryWrite(entry.Range.Start, here) : host.TryRead(entry.Range.Start, here));
            at += here.Length;
        }

        bio.Complete(status);
        return true;
    }
}
