// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using Physr.Pci;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Topology;

namespace Physr.Cli;

/// <summary><c>physr p2p</c>: which device can reach which other's memory, how far it is, and why.</summary>
public static class P2PCommand
{
    /// <summary>Makes the verb. Exit codes: 0 done, 2 bad input.</summary>
    public static Command Create()
    {
        var root = new Option<string>("--root") { Description = "A capture laid out like /, or a file of lspci -xxxx; default is the live host.", DefaultValueFactory = _ => "/" };
        var from = new Option<string?>("--from") { Description = "Only this provider: the function whose memory is reached." };
        var to = new Option<string?>("--to") { Description = "Only this client: the function that reaches it." };
        var kernel = new Option<string?>("--kernel") { Description = "Judge by this Linux release, X.Y; default is the host's own." };
        var output = new Option<string>("--output") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        var command = new Command("p2p", "Say which PCI functions can reach one another's memory, how, how far, and what would change it.") { root, from, to, kernel, output };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetRequiredValue(root), parsed.GetValue(from), parsed.GetValue(to), parsed.GetValue(kernel),
                string.Equals(parsed.GetRequiredValue(output), "json", StringComparison.Ordinal));
            return Run(request, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        });
        return command;
    }

    private static int Run(Request request, TextWriter output, TextWriter error)
    {
        if (!TryLoad(request, out PciSnapshot snapshot, out P2PRouter router, out string problem)
            || !TryPick(snapshot.Topology, request.From, "--from", P2PEnds.CanProvide, out PciFunction? from, out problem)
            || !TryPick(snapshot.Topology, request.To, "--to", P2PEnds.CanReach, out PciFunction? to, out problem))
        {
            error.WriteLine($"physr p2p: {problem}");
            return ExitCode.BadInput;
        }

        if (from is not null && to is not null)
        {
            P2PVerdict verdict = router.Judge(from, to);
            if (request.IsJson)
            {
                P2PCommandJson.Write(output, snapshot, router, [verdict]);
            }
            else
            {
                P2PCommandText.WritePair(output, snapshot, verdict, router);
            }

            return ExitCode.Success;
        }

        IReadOnlyList<PciFunction> providers = from is not null ? [from] : [.. snapshot.Topology.Providers];
        IReadOnlyList<PciFunction> clients = to is not null ? [to] : [.. snapshot.Topology.Endpoints];
        if (request.IsJson)
        {
            P2PCommandJson.Write(output, snapshot, router, providers.SelectMany(p => clients.Select(c => router.Judge(p, c))));
        }
        else
        {
            P2PCommandText.WriteMatrix(output, snapshot, router, P2PMatrix.Compute(router, providers, clients));
        }

        return ExitCode.Success;
    }

    private static bool TryLoad(Request request, out PciSnapshot snapshot, out P2PRouter router, out string problem)
    {
        snapshot = null!;
        router = null!;
        KernelRelease? chosen = null;
        if (request.Kernel is not null)
        {
            if (!KernelRelease.TryParse(request.Kernel, out KernelRelease release))
            {
                problem = $"'{request.Kernel}' is no kernel release; one looks like 6.12";
                return false;
            }

            chosen = release;
        }

        if (!TryRead(request.Root, out snapshot, out problem))
        {
            return false;
        }

        router = new P2PRouter(snapshot.Topology, snapshot.RulesFor(chosen));
        return true;
    }

    private static bool TryRead(string root, out PciSnapshot snapshot, out string problem)
    {
        snapshot = null!;
        problem = "";
        if (File.Exists(root))
        {
            try
            {
                using var dump = new StreamReader(root);
                problem = LspciDump.TryRead(dump, out snapshot) ? "" : $"'{root}' is a file but no output of lspci -xxxx; a tar file must be unpacked first";
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                problem = $"'{root}' could not be read: {failure.Message}";
            }
        }
        else if (!Directory.Exists(root))
        {
            problem = $"there is no directory '{root}'";
        }
        else if (new CaptureRoot(root) is var capture && !SysfsReader.TryRead(capture, out snapshot))
        {
            problem = SysfsReader.DescribeAbsence(capture);
        }

        return problem.Length == 0;
    }

    private static bool TryPick(PciTopology topology, string? text, string option, EndRule isEnd, out PciFunction? function, out string problem)
    {
        function = null;
        problem = "";
        if (text is null)
        {
            return true;
        }

        if (!PciAddress.TryParse(text, out PciAddress address))
        {
            problem = $"{option} '{text}' is no PCI address; one looks like 0000:01:00.0";
            return false;
        }

        if (topology.TryFind(address, out function))
        {
            bool fits = isEnd(function, out string unfit);
            string hint = P2PEnds.CanReach(function, out _) ? "; it can only be --to" : "";
            problem = fits ? "" : $"{option}: {unfit}{hint}";
            return fits;
        }

        IEnumerable<PciAddress> nearest = topology.Functions.Select(static f => f.Address).OrderBy(a => Gap(a, address)).Take(3).Order();
        problem = $"{option} {address}: there is no such function; nearest are {string.Join(", ", nearest)}";
        return false;
    }

    private static long Gap(PciAddress a, PciAddress b) => Math.Abs(Linear(a) - Linear(b));

    private static long Linear(PciAddress address) => ((long)address.Domain << 16) | ((long)address.Bus << 8) | address.DeviceFunction;

    private delegate bool EndRule(PciFunction function, out string problem);

    private sealed record Request(string Root, string? From, string? To, string? Kernel, bool IsJson);
}
