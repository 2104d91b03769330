// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Dma;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Cli;

/// <summary>The text of <c>physr p2p</c>: a matrix, or one pair explained.</summary>
internal static class P2PCommandText
{
    private const int CellWidth = 5;
    private const int LeadWidth = 19;
    private const int PlainWidth = 160;
    private const int NotesShown = 20;

    /// <summary>Subjects of the notes that concern every pair.</summary>
    private static readonly string[] HostSubjects = ["proc", "kernel", "lspci"];

    internal static void WriteMatrix(TextWriter output, PciSnapshot snapshot, P2PRouter router, P2PMatrix matrix)
    {
        output.WriteLine($"Peer-to-peer verdicts by the rules of Linux {router.Rules.Release}{(router.Rules.IsZen ? " on an AMD Zen processor" : "")}");
        output.WriteLine();
        for (int i = 0; i < matrix.Clients.Count; i++)
        {
            PciFunction client = matrix.Clients[i];
            output.WriteLine($"{Number(i),LeadWidth - 13}  {client.Address,-12}  {client.Id}  {PciClassNames.Describe(client.ClassCode)}{(client.IsVirtualFunction ? ", virtual function" : "")}");
        }

        int perBlock = Math.Max(1, (Width() - LeadWidth) / CellWidth);
        for (int first = 0; first < matrix.Clients.Count; first += perBlock)
        {
            WriteBlock(output, matrix, first, Math.Min(first + perBlock, matrix.Clients.Count));
        }

        output.WriteLine();
        output.WriteLine(matrix.Providers.Count == 0
            ? "No function has a memory BAR: there is no provider."
            : "Rows provide memory, columns reach it. =N bus address, ^N through the host bridge, N hops; -- not supported; ? rests on ACS that was not read.");
        output.WriteLine("Why, and what would change it: physr p2p --from PROVIDER --to CLIENT");
        WriteNotes(output, snapshot.NotesFor(router.Rules));
    }

    internal static void WritePair(TextWriter output, PciSnapshot snapshot, P2PVerdict verdict, P2PRouter router)
    {
        string distance = verdict.Distance < 0 ? $"path of {verdict.Hops}" : $"distance {verdict.Distance}";
        output.WriteLine($"{verdict.Client} reaching memory of {verdict.Provider}: {P2PCommandJson.Name(verdict.MapType)}, {distance} (Linux {router.Rules.Release})");
        output.WriteLine();
        output.WriteLine("Path");
        WritePath(output, verdict);
        output.WriteLine();
        output.WriteLine("Why");
        foreach (P2PReason reason in verdict.Reasons)
        {
            output.WriteLine($"  - {reason.Text}");
        }

        if (verdict.Remedies.Count != 0)
        {
            output.WriteLine();
            output.WriteLine("What would change it");
            foreach (P2PRemedy remedy in verdict.Remedies)
            {
                output.WriteLine($"  - {remedy.Text}");
                if (remedy.Command.Length != 0)
                {
                    output.WriteLine($"      {remedy.Command}");
                }
            }
        }

        var passed = verdict.ProviderLeg.Concat(verdict.ClientLeg).Select(static f => $"{f}").ToHashSet(StringComparer.Ordinal);
        WriteNotes(output, [.. snapshot.NotesFor(router.Rules).Where(d => passed.Contains(d.Subject) || HostSubjects.Contains(d.Subject, StringComparer.Ordinal))]);
    }

    private static void WriteBlock(TextWriter output, P2PMatrix matrix, int first, int end)
    {
        output.WriteLine();
        output.Write(new string(' ', LeadWidth));
        for (int client = first; client < end; client++)
        {
            output.Write(Number(client).PadLeft(CellWidth));
        }

        output.WriteLine();
        for (int provider = 0; provider < matrix.Providers.Count; provider++)
        {
            int column = IndexOf(matrix.Clients, matrix.Providers[provider]);
            output.Write($"{(column < 0 ? "" : Number(column)),5} {matrix.Providers[provider].Address,-13}");
            for (int client = first; client < end; client++)
            {
                output.Write(Cell(matrix[provider, client]).PadLeft(CellWidth));
            }

            output.WriteLine();
        }
    }

    private static string Cell(P2PRoute route)
    {
        string mark = route.IsAssumed ? "?" : "";
        return route.MapType switch
        {
            P2PMapType.BusAddress => $"={route.Distance}{mark}",
            P2PMapType.ThroughHostBridge => $"^{route.Distance}{mark}",
            _ => $"--{mark}",
        };
    }

    private static void WritePath(TextWriter output, P2PVerdict verdict)
    {
        foreach (PciFunction node in verdict.ProviderLeg)
        {
            WriteNode(output, node, ReferenceEquals(node, verdict.Provider) ? "provider" : ReferenceEquals(node, verdict.CommonBridge) ? "common" : "up");
        }

        if (!verdict.Route.HasCommonBridge)
        {
            string bridges = ReferenceEquals(verdict.Provider.HostBridge, verdict.Client.HostBridge)
                ? verdict.Provider.HostBridge.Name
                : $"{verdict.Provider.HostBridge} to {verdict.Client.HostBridge}";
            output.WriteLine($"  {"root",-9} {bridges}");
        }

        foreach (PciFunction node in verdict.ClientLeg.Reverse())
        {
            WriteNode(output, node, ReferenceEquals(node, verdict.Client) ? "client" : "down");
        }
    }

    private static void WriteNode(TextWriter output, PciFunction node, string role)
    {
        string acs = !node.IsAcsKnown ? "ACS not read" : node.AcsOffset == 0 ? "no ACS" : $"ACS {AcsCapability.Describe(node.AcsControl)}";
        string kind = node.PortType is PciePortType.RootPort or PciePortType.UpstreamPort or PciePortType.DownstreamPort
            ? $"{node.PortType}" : PciClassNames.Describe(node.ClassCode);
        output.WriteLine($"  {role,-9} {node.Address}  {node.Id}  {kind}, {acs}{(node.IsRedirecting ? "  <- redirects" : "")}");
    }

    private static void WriteNotes(TextWriter output, IReadOnlyList<PciDiagnostic> diagnostics)
    {
        if (diagnostics.Count == 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine("Could not be read");
        foreach (PciDiagnostic diagnostic in diagnostics.Take(NotesShown))
        {
            output.WriteLine($"  - {diagnostic}");
        }

        if (diagnostics.Count > NotesShown)
        {
            output.WriteLine($"  - and {diagnostics.Count - NotesShown} more; --output json lists all");
        }
    }

    private static string Number(int index) => string.Create(CultureInfo.InvariantCulture, $"[{index}]");

    private static int IndexOf(IReadOnlyList<PciFunction> functions, PciFunction function)
    {
        for (int i = 0; i < functions.Count; i++)
        {
            if (ReferenceEquals(functions[i], function))
            {
                return i;
            }
        }

        return -1;
    }

    private static int Width()
    {
        try
        {
            return Console.IsOutputRedirected || Console.WindowWidth < 40 ? PlainWidth : Console.WindowWidth;
        }
        catch (IOException)
        {
            return PlainWidth;
        }
    }
}
