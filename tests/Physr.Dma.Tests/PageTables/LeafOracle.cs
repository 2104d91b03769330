// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.PageTables;

/// <summary>What a page table should hold, as a sorted list of leaves found by trying sizes from the largest down.</summary>
internal sealed class LeafOracle(ulong pageSizes)
{
    private readonly ulong[] _sizes = [.. TableRig.Sizes(pageSizes).Reverse()];
    private readonly SortedList<ulong, (ulong Size, ulong Physical)> _leaves = [];

    public IEnumerable<(ulong Iova, ulong Size, ulong Physical)> Leaves => _leaves.Select(static leaf => (leaf.Key, leaf.Value.Size, leaf.Value.Physical));

    public int Count => _leaves.Count;

    public ulong StartOf(int leaf) => _leaves.Keys[leaf];

    public bool Map(ulong iova, ulong physical, ulong length)
    {
        int at = LastAtOrBelow(iova + length - 1);
        if (at >= 0 && _leaves.Keys[at] + _leaves.Values[at].Size > iova)
        {
            return false;
        }

        for (ulong done = 0; done < length;)
        {
            ulong size = _sizes.First(size => (iova + done) % size == 0 && (physical + done) % size == 0 && size <= length - done);
            _leaves.Add(iova + done, (size, physical + done));
            done += size;
        }

        return true;
    }

    public ulong Unmap(ulong iova, ulong length)
    {
        ulong unmapped = 0;
        for (ulong next = iova; next < iova + length;)
        {
            int at = LastAtOrBelow(next);
            if (at < 0 || next - _leaves.Keys[at] >= _leaves.Values[at].Size)
            {
                break;
            }

            next = _leaves.Keys[at] + _leaves.Values[at].Size;
            unmapped += _leaves.Values[at].Size;
            _leaves.RemoveAt(at);
        }

        return unmapped;
    }

    public (ulong Iova, ulong Size, ulong Physical)? Find(ulong iova)
    {
        int at = LastAtOrBelow(iova);
        return at >= 0 && iova - _leaves.Keys[at] < _leaves.Values[at].Size ? (_leaves.Keys[at], _leaves.Values[at].Size, _leaves.Values[at].Physical) : null;
    }

    private int LastAtOrBelow(ulong iova)
    {
        int low = 0;
        int high = _leaves.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_leaves.Keys[middle] <= iova)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
