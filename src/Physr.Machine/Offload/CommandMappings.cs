// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;

namespace Physr.Machine.Offload;

/// <summary>Maps each command's part of the staging memory for one device for just as long as the command runs, as a block driver does: what an IOMMU's flushes and bounce
/// buffers cost shows only so.</summary>
internal sealed class CommandMappings : IDisposable
{
    private readonly SimulatedMachine _machine;
    private readonly DmaDevice _device;
    private readonly RangeList _memory;
    private readonly DmaMapping?[] _mapped;
    private int _live;

    public CommandMappings(SimulatedMachine machine, DmaDevice device, RangeList memory, int tags)
    {
        _machine = machine;
        _device = device;
        _memory = memory;
        _mapped = new DmaMapping?[tags];
    }

    /// <summary>Maps for a command that is about to start; a command that could not start keeps its mapping for the next try.</summary>
    /// <param name="tag">The command.</param>
    /// <param name="offset">Where in the staging memory.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="direction">Which way they go.</param>
    /// <param name="addresses">The bytes as the device addresses them; null where it has to wait for another command's end.</param>
    /// <returns>Null, or why it can never be mapped.</returns>
    public string? TryMap(int tag, ulong offset, uint length, DmaDirection direction, out DmaRangeList? addresses)
    {
        if (_mapped[tag] is null)
        {
            if (!_machine.Mapper.TryMap(_device, _memory.Slice(offset, length), direction, out DmaMapping? mapping, out DmaMapError? error))
            {
                addresses = null;
                return error!.IsRetryable && _live != 0 ? null : error.ToString();
            }

            _mapped[tag] = mapping;
            _live++;
            _machine.Iommu?.Sample();
        }

        addresses = _mapped[tag]!.Addresses;
        return null;
    }

    /// <summary>Unmaps after a command's end: what a device wrote into a bounce buffer is in the staging memory then.</summary>
    public void Unmap(int tag)
    {
        if (_mapped[tag] is { } mapping)
        {
            _mapped[tag] = null;
            _live--;
            mapping.Dispose();
        }
    }

    public void Dispose()
    {
        for (int tag = 0; tag < _mapped.Length; tag++)
        {
            Unmap(tag);
        }
    }
}
