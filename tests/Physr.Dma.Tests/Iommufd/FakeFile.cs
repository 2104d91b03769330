// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>A memfd: frames that live as long as a reference to it.</summary>
internal sealed class FakeFile : IMappableFile
{
    private readonly FakeRam _ram;

    public FakeFile(FakeRam ram, ulong length, bool huge = false)
    {
        _ram = ram;
        lock (ram.Lock)
        {
            if (huge)
            {
                ram.AlignNext();
            }

            Frames = new FakeFrame[length >> 12];
            for (int i = 0; i < Frames.Length; i++)
            {
                Frames[i] = ram.Allocate(huge);
                Frames[i].Maps++;
            }
        }
    }

    public string Name => "memfd";

    public FakeFrame[] Frames { get; }

    public int References { get; private set; } = 1;

    public ulong Length => (ulong)Frames.Length << 12;

    public void AddReference()
    {
        lock (_ram.Lock)
        {
            Assert.True(References > 0);
            References++;
        }
    }

    public void ReleaseReference()
    {
        lock (_ram.Lock)
        {
            if (--References == 0)
            {
                foreach (FakeFrame frame in Frames)
                {
                    _ram.Unmap(frame);
                }
            }
        }
    }

    public Errno TryPin(ulong offset, ulong length, bool writable, List<PhysicalRange> frames)
    {
        lock (_ram.Lock)
        {
            if (offset > Length || length > Length - offset)
            {
                return Errno.EINVAL;
            }

            if (_ram.Gate?.TryPass("pin file pages") == false)
            {
                return Errno.ENOMEM;
            }

            for (ulong at = offset; at < offset + length; at += PageSize.Size4K)
            {
                FakeFrame frame = Frames[at >> 12];
                frame.Pins++;
                frames.Add(new(new(frame.Number << 12), PageSize.Size4K));
            }

            return Errno.None;
        }
    }

    public void Unpin(PhysicalRange frames, bool dirty) => _ram.Unpin(frames);
}
