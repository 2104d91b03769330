// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Who uses an access in the tests: unpins what it is told to, unless it is deaf.</summary>
internal sealed class TestAccessUser(bool pins = true) : IAccessUser
{
    private readonly List<(ulong Iova, ulong Length)> _pins = [];

    public bool NeedsPinnedPages => pins;

    public bool IsDeaf { get; set; }

    public IommufdAccess? Access { get; set; }

    public List<(ulong Iova, ulong Length)> Told { get; } = [];

    public Errno Pin(ulong iova, ulong length, AccessFlags flags, out RangeList pages)
    {
        lock (_pins)
        {
            Errno errno = Access!.Pin(new(iova), length, flags, out pages);
            if (errno == Errno.None)
            {
                _pins.Add((iova, length));
            }

            return errno;
        }
    }

    public Errno Unpin(ulong iova, ulong length)
    {
        lock (_pins)
        {
            Assert.True(_pins.Remove((iova, length)));
            return Access!.Unpin(new(iova), length);
        }
    }

    public void Unmap(DmaAddress iova, ulong length)
    {
        lock (_pins)
        {
            Told.Add((iova.Value, length));
            if (!IsDeaf)
            {
                ulong last = iova.Value + (length - 1);
                foreach ((ulong at, ulong bytes) in _pins.Where(pin => pin.Iova <= last && pin.Iova + pin.Length - 1 >= iova.Value).ToArray())
                {
                    Assert.Equal(Errno.None, Unpin(at, bytes));
                }
            }
        }
    }
}
