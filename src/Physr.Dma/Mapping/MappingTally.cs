// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mapping;

/// <summary>What one thread mapped less what it unmapped, of one device through one mapper; only that thread writes it. A single tally may be negative: whoever unmaps need not be
/// who mapped.</summary>
/// <param name="device">The device's ordinal.</param>
/// <param name="mapper">The mapper's ordinal.</param>
internal sealed class MappingTally(uint device, uint mapper)
{
    private readonly uint _device = device;
    private readonly uint _mapper = mapper;
    private long _mappings;
    private long _bytes;

    public long Mappings => Volatile.Read(ref _mappings);

    public long Bytes => Volatile.Read(ref _bytes);

    public bool IsOf(uint device, uint mapper) => _device == device && _mapper == mapper;

    public void Add(long mappings, long bytes)
    {
        Volatile.Write(ref _mappings, _mappings + mappings);
        Volatile.Write(ref _bytes, _bytes + bytes);
    }
}
