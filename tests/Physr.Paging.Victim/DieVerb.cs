// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>Touches what must not be touched. Whoever survives that says what was read.</summary>
internal static unsafe class DieVerb
{
    private const ulong Pages = 16;

    public static int Run(Arguments given)
    {
        string how = given.Text("how");
        RegionStore store = RegionStore.Memory(Pages * 4096);
        if (how.StartsWith("poisoned", StringComparison.Ordinal))
        {
            store = store.Failing(new StoreFailure(StoreCall.Read, 1, ulong.MaxValue, Errno.EIO));
        }

        bool isExplicit = how == "explicit";
        using PagerHost? pager = isExplicit ? null : given.Pager();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096, store, Pages * 4096, new() { Pager = pager, Mode = isExplicit ? RegionMode.Explicit : RegionMode.Faults });
        Console.WriteLine("touching");
        byte value = how switch
        {
            "guard-before" => Load(region.Pointer - 1),
            "guard-after" => Load(region.Pointer + (Pages * 4096)),
            "guard-after-native" => NativeLoad(region.Pointer + (Pages * 4096)),
            "poisoned" or "explicit" => Load(region.Pointer + 4096),
            "poisoned-native" => NativeLoad(region.Pointer + 4096),
            _ => throw new ArgumentException($"no way {how}"),
        };
        Console.WriteLine($"survived {value}");
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte Load(byte* address) => *address;

    private static byte NativeLoad(byte* address)
    {
        byte value = 0;
        _ = Native.Copy(&value, address, 1);
        return value;
    }
}
