// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Text;
using Physr.Cli.Live;
using Physr.Storage;
using Physr.Storage.Files;
using Physr.Storage.Tests.Files;

namespace Physr.Live.Victim;

/// <summary>Works on a file store in a region until somebody kills it: <c>REGION SEED [BUG]</c>; <c>REGION</c> alone makes one. It writes a line when it begins, and one for each operation that is done.</summary>
public static class Program
{
    /// <summary>A region, in bytes.</summary>
    internal const ulong RegionBytes = 4UL << 20;

    /// <summary>More than anybody waits for.</summary>
    private const int MostOperations = 1_000_000;

    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args.Length == 1)
        {
            return Make(args[0], out string why) == Errno.None ? 0 : Complain(why);
        }

        VictimBug bug = args.Length > 2 ? Enum.Parse<VictimBug>(args[2]) : VictimBug.None;
        Errno errno = MappedRegion.TryOpen(args[0], 0, RegionAccess.Write, out MappedRegion? region, out string reason);
        if (errno != Errno.None)
        {
            return Complain($"{errno}: {reason}");
        }

        using (region)
        {
            IDaxDevice device = new MediaDaxDevice(region!, Workload.Base);
            device = bug == VictimBug.LateData ? new LateDataDevice(device, Workload.FirstDataByte(device)) : device;
            errno = FileStore.TryMount(device, out FileStore? store, out reason);
            return errno == Errno.None ? Work(store!, ulong.Parse(args[1], CultureInfo.InvariantCulture), bug) : Complain($"{errno}: {reason}");
        }
    }

    /// <summary>Makes a region with an empty store in it.</summary>
    internal static Errno Make(string path, out string reason)
    {
        Errno errno = MappedRegion.TryOpen(path, RegionBytes, RegionAccess.Create, out MappedRegion? region, out reason);
        using (region)
        {
            return errno == Errno.None ? Workload.Format(region!, out reason) : errno;
        }
    }

    private static int Work(FileStore store, ulong seed, VictimBug bug)
    {
        using Stream output = Console.OpenStandardOutput();
        Workload work = new(seed, Workload.Read(store));
        output.Write("ready\n"u8);
        for (int i = 0; i < MostOperations; i++)
        {
            FileOperation operation = work.Next();
            if (bug == VictimBug.EarlyAcknowledgement)
            {
                output.Write(Encoding.ASCII.GetBytes($"{i} {Errno.None}\n"));
                Thread.SpinWait(20_000);
            }

            Errno errno = operation.Apply(store);
            if (errno is not (Errno.None or Errno.ENOSPC))
            {
                return Complain($"operation {i}, {operation}: {errno}: {store.Failure}");
            }

            work.Done(operation, errno);
            if (bug != VictimBug.EarlyAcknowledgement)
            {
                output.Write(Encoding.ASCII.GetBytes($"{i} {errno}\n"));
            }
        }

        return 0;
    }

    private static int Complain(string what)
    {
        Console.Error.WriteLine(what);
        return 3;
    }
}
