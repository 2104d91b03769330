// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <summary>Requests to members that are waited for together: start them all, then await this once.</summary>
internal sealed class MemberWork : INotifyCompletion
{
    private static readonly Action<Bio> s_ended = static bio => ((MemberWork)bio.State!).End();

    private readonly List<(RaidMember Member, Bio Bio, int Tag)> _requests;
    private Action? _continuation;
    private int _open = 1;

    /// <summary>Makes room for requests.</summary>
    public MemberWork(int requests) => _requests = new(requests);

    /// <summary>Whether all of them ended.</summary>
    public bool IsCompleted => _open == 0;

    /// <summary>How many were started.</summary>
    public int Count => _requests.Count;

    /// <summary>Starts a request.</summary>
    /// <param name="member">Where.</param>
    /// <param name="operation">What.</param>
    /// <param name="offset">Bytes from the start of the device.</param>
    /// <param name="data">The memory.</param>
    /// <param name="flags">How.</param>
    /// <param name="tag">The caller's own.</param>
    public void Start(RaidMember member, BioOperation operation, ulong offset, RangeListView data, BioFlags flags = BioFlags.None, int tag = 0) =>
        Start(member, new Bio(operation, offset >> Bio.SectorShift, data, flags) { Completed = s_ended, State = this }, tag);

    /// <summary>Starts a request without data.</summary>
    public void Start(RaidMember member, BioOperation operation, ulong offset, ulong length, BioFlags flags = BioFlags.None, int tag = 0) =>
        Start(member, new Bio(operation, offset >> Bio.SectorShift, length >> Bio.SectorShift, flags) { Completed = s_ended, State = this }, tag);

    /// <summary>For the compiler: no more will be started.</summary>
    public MemberWork GetAwaiter()
    {
        End();
        return this;
    }

    /// <summary>How a request ended.</summary>
    public (RaidMember Member, BlockStatus Status, int Tag) this[int index]
    {
        get
        {
            (RaidMember member, Bio bio, int tag) = _requests[index];
            return (member, bio.Status, tag);
        }
    }

    /// <summary>Whether all went well.</summary>
    public bool GetResult()
    {
        bool isGood = true;
        foreach ((_, Bio bio, _) in _requests)
        {
            isGood &= bio.Status == BlockStatus.Ok;
        }

        return isGood;
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => _continuation = continuation;

    private void Start(RaidMember member, Bio bio, int tag)
    {
        _open++;
        _requests.Add((member, bio, tag));
        member.Device!.Submit(bio);
    }

    private void End()
    {
        if (--_open == 0)
        {
            _continuation?.Invoke();
        }
    }
}
