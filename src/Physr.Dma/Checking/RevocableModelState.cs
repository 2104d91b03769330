// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>All that a <see cref="RevocableModel"/> remembers, in two words: the buffer and who controls it, and the importers.</summary>
public readonly record struct RevocableModelState
{
    private const int ControllersAt = 16;

    private readonly ulong _control;
    private readonly ulong _importers;

    private RevocableModelState(ulong control, ulong importers)
    {
        _control = control;
        _importers = importers;
    }

    /// <summary>The buffer's own state.</summary>
    public RevocableState Buffer => new((RevocablePhase)(_control & 3), (_control >> 2 & 1) != 0, (int)(_control >> 3 & 7) - 1);

    /// <summary>Whether a revoke or a close has returned since the buffer was last usable: nothing may be reached.</summary>
    public bool IsPromised => (_control >> 6 & 1) != 0;

    /// <summary>Who holds the control lock: 0 nobody, else an actor.</summary>
    internal int ControlOwner => (int)(_control >> 7 & 7);

    /// <summary>Who holds the reservation lock: 0 nobody, else an actor.</summary>
    internal int ReservationOwner => (int)(_control >> 10 & 7);

    /// <summary>The buffer's state, and whether the promise holds.</summary>
    public override string ToString() => $"{Buffer}{(IsPromised ? ", promised" : "")}";

    internal ModelController Controller(int index) => ModelController.Unpack(_control >> (ControllersAt + (index * ModelController.Bits)));

    internal ModelImporter Importer(int index) => ModelImporter.Unpack(_importers >> (index * ModelImporter.Bits));

    internal RevocableModelState With(RevocableState buffer) =>
        new((_control & ~0x3fUL) | (uint)buffer.Phase | (buffer.IsClosed ? 4UL : 0) | (ulong)(uint)((buffer.Mappings + 1) & 7) << 3, _importers);

    internal RevocableModelState WithPromise(bool isPromised) => new((_control & ~(1UL << 6)) | (isPromised ? 1UL << 6 : 0), _importers);

    internal RevocableModelState WithControlOwner(int actor) => new((_control & ~(7UL << 7)) | (ulong)(uint)actor << 7, _importers);

    internal RevocableModelState WithReservationOwner(int actor) => new((_control & ~(7UL << 10)) | (ulong)(uint)actor << 10, _importers);

    internal RevocableModelState With(int index, ModelController controller)
    {
        int at = ControllersAt + (index * ModelController.Bits);
        return new((_control & ~(((1UL << ModelController.Bits) - 1) << at)) | controller.Pack() << at, _importers);
    }

    internal RevocableModelState With(int index, ModelImporter importer)
    {
        int at = index * ModelImporter.Bits;
        return new(_control, (_importers & ~(((1UL << ModelImporter.Bits) - 1) << at)) | importer.Pack() << at);
    }
}
