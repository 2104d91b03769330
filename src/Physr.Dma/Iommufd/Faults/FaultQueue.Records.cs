// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Uapi;

namespace Physr.Dma.Iommufd.Faults;

/// <content>The bytes that its file carries.</content>
public sealed partial class FaultQueue
{
    private static readonly int s_faultSize = Unsafe.SizeOf<IommuHwptPageFault>();
    private static readonly int s_responseSize = Unsafe.SizeOf<IommuHwptPageResponse>();

    /// <inheritdoc/>
    public Errno Read(Span<byte> destination, out int length)
    {
        length = 0;
        if (destination.Length % s_faultSize != 0)
        {
            return Errno.ESPIPE;
        }

        lock (_lock)
        {
            // A group that does not fit whole stays at the head for a larger read: half a group could not be answered.
            while (_unread.First is { } first && first.Value.Requests.Count * s_faultSize <= destination.Length - length)
            {
                PageRequestGroup group = first.Value;
                _unread.RemoveFirst();
                group.Cookie = TakeCookie();
                _unanswered.Add(group.Cookie, group);
                foreach (PageRequest request in group.Requests)
                {
                    IommuHwptPageFault record = Compose(group, request);
                    MemoryMarshal.Write(destination[length..], in record);
                    length += s_faultSize;
                }
            }
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno Write(ReadOnlySpan<byte> source, out int length)
    {
        length = 0;
        if (source.Length % s_responseSize != 0)
        {
            return Errno.ESPIPE;
        }

        while (length < source.Length)
        {
            IommuHwptPageResponse response = MemoryMarshal.Read<IommuHwptPageResponse>(source[length..]);
            if (!TryAnswer(response.Cookie, (PageResponse)response.Code))
            {
                return length == 0 ? Errno.EINVAL : Errno.None;
            }

            length += s_responseSize;
        }

        return Errno.None;
    }

    /// <summary>Ends a group; false for a cookie that stands for none, or an answer there is not. The group then waits on.</summary>
    public bool TryAnswer(uint cookie, PageResponse response)
    {
        PageRequestGroup? group;
        lock (_lock)
        {
            if (response > PageResponse.Invalid || !_unanswered.Remove(cookie, out group))
            {
                return false;
            }
        }

        group.Answer(response);
        return true;
    }

    private static IommuHwptPageFault Compose(PageRequestGroup group, in PageRequest request) => new()
    {
        Flags = (uint)request.Flags,
        DevId = group.DeviceId,
        Pasid = request.Pasid,
        GroupId = request.GroupId,
        Permissions = (uint)request.Permissions,
        Address = request.Address.Value,
        Cookie = group.Cookie,
    };

    /// <summary>The next number that stands for no group: cookies are not used again soon, so that a late answer meets nobody.</summary>
    private uint TakeCookie()
    {
        while (_unanswered.ContainsKey(_nextCookie))
        {
            _nextCookie++;
        }

        return _nextCookie++;
    }
}
