"""The readers: each gives what is wrong, nothing where it accepts, None where it is not here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.readers.outputs import BUNDLE, Outputs

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "conformance/schema"
NO_HOME = "SARIF2005"  # asks for the tool's home page, which it has none of yet
LONGEST = 1500  # characters of what a reader says


@dataclass(frozen=True)
class Tools:
    """Where the readers are."""

    python: Path
    node: Path
    go: Path


def told(*words: str | Path, cwd: Path | None = None) -> str:
    """What a program says where it does not accept; empty where it does."""
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, check=False, capture_output=True, text=True
    )
    said = (done.stdout + done.stderr).strip()
    return said[-LONGEST:] or f"exit {done.returncode}" if done.returncode else ""


def sarif_multitool(tools: Tools, outputs: Outputs) -> str:
    """Microsoft's validator, with the rules of GitHub's code scanning; only notes are accepted."""
    program = tools.node / "@microsoft/sarif-multitool-linux/Sarif.Multitool"
    program.chmod(0o755)  # which is left to a script of the package, and none is run
    found = outputs.folder / "validated.sarif"
    words = ("validate", "results.sarif", "--rule-kind", "Sarif;Ghas", "--output", found)
    said = told(program, *words, cwd=outputs.folder)
    if not found.exists():
        return said or "nothing was validated"
    results = json.loads(found.read_text("utf-8-sig"))["runs"][0].get("results", [])
    loud = [one for one in results if one.get("level", "warning") != "note"]
    loud = [one for one in loud if one["ruleId"] != NO_HOME]
    return "; ".join(sorted({f"{one['ruleId']} {one['message']}" for one in loud}))[:LONGEST]


def junitparser(tools: Tools, outputs: Outputs) -> str:
    code = (
        "import sys, junitparser as j; x = j.JUnitXml.fromfile('junit.xml'); "
        "n = sum(len(list(s)) for s in x); a = (x.tests, x.failures, x.errors, x.skipped); "
        "x.update_statistics(); b = (x.tests, x.failures, x.errors, x.skipped); "
        f"sys.exit(0 if n == {outputs.findings} and a == b else f'{{n}} {{a}} {{b}}')"
    )
    return told(tools.python / "python", "-c", code, cwd=outputs.folder)


def ctrf(tools: Tools, outputs: Outputs) -> str:
    return told(tools.node / ".bin/ctrf", "validate-strict", "ctrf.json", cwd=outputs.folder)


def github_actions_ctrf(tools: Tools, outputs: Outputs) -> str:
    summary = outputs.folder / "step-summary.md"
    summary.touch()
    runner = {"STEP_SUMMARY": summary, "REPOSITORY": "owner/name", "RUN_ID": 1, "RUN_NUMBER": 1}
    words = ("env", *(f"GITHUB_{name}={value}" for name, value in runner.items()))
    program = tools.node / ".bin/github-actions-ctrf"
    said = told(*words, program, "ctrf.json", cwd=outputs.folder)
    return said or ("" if summary.stat().st_size else "nothing was shown")


def nu_validator(tools: Tools, outputs: Outputs) -> str | None:
    """Errors and warnings of the audit page; what its form says of style is left out."""
    if shutil.which("java") is None:
        return None
    jar = tools.node / "vnu-jar/build/dist/vnu.jar"
    return told("java", "-Xss4m", "-jar", jar, "--Werror", "audit.html", cwd=outputs.folder)


def ajv(tools: Tools, outputs: Outputs) -> str:
    """The schema of records in strict mode, and each line against it."""
    code = """
        import {createRequire} from 'module'; import fs from 'fs';
        const require = createRequire(process.argv[1] + '/');
        const Ajv = require('ajv').default, formats = require('ajv-formats').default;
        const wrong = [];
        for (const file of fs.readdirSync(process.argv[2]).filter(f => f.endsWith('.json'))) {
          try {
            const ajv = new Ajv({strict: true, allErrors: true}); formats(ajv);
            const check = ajv.compile(JSON.parse(fs.readFileSync(process.argv[2] + '/' + file)));
            if (file.startsWith('record')) for (const line of
              fs.readFileSync('record.ndjson', 'utf8').trimEnd().split('\\n'))
              if (!check(JSON.parse(line))) wrong.push(file + ': ' + ajv.errorsText(check.errors));
          } catch (error) { wrong.push(file + ': ' + error.message); }
        }
        if (wrong.length) { console.log(wrong.slice(0, 5).join('\\n')); process.exit(1); }
    """
    words = ("--input-type=module", "-e", code, tools.node, SCHEMAS)
    return told("node", *words, cwd=outputs.folder)


def jose(tools: Tools, outputs: Outputs) -> str:
    """The signature of the bundle, checked by jwcrypto with the key that it names."""
    with zipfile.ZipFile(outputs.folder / BUNDLE) as archive:
        names = archive.namelist()
        manifest = next(name for name in names if name.endswith("manifest.json"))
        signature = next(name for name in names if name.endswith(".jws"))
        (outputs.folder / "manifest").write_bytes(archive.read(manifest))
        (outputs.folder / "signature").write_bytes(archive.read(signature))
    code = (
        "import json; from jwcrypto import jwk, jws; from jwcrypto.common import base64url_decode; "
        "t = open('signature').read().strip(); s = jws.JWS(); "
        "h = json.loads(base64url_decode(t.split('.')[0])); "
        "s.deserialize(t); s.objects['payload'] = open('manifest', 'rb').read(); "
        "s.verify(jwk.JWK(**h['jwk']))"
    )
    return told(tools.python / "python", "-c", code, cwd=outputs.folder)


def duckdb(tools: Tools, outputs: Outputs) -> str:
    code = """
        import duckdb, sys
        read = duckdb.sql("from read_json('record.ndjson')").filter("type = 'finding'")
        sys.exit(0 if len(read.fetchall()) == int(sys.argv[1]) else "findings are missing")
    """
    words = ("-c", textwrap.dedent(code), str(outputs.findings))
    return told(tools.python / "python", *words, cwd=outputs.folder)


def actionlint(tools: Tools, _outputs: Outputs) -> str:
    """The project's own workflows."""
    return told(tools.go / "actionlint", *sorted((ROOT / ".github/workflows").glob("*.yml")))


def zizmor(tools: Tools, _outputs: Outputs) -> str:
    """The action and the workflows, without what has to be asked of the network."""
    places = (ROOT / "action.yml", *sorted((ROOT / ".github/workflows").glob("*.yml")))
    return told(tools.python / "zizmor", "--offline", "--no-progress", *places)


def shell(name: str) -> Callable[[Tools, Outputs], str | None]:
    """A shell that reads its completions."""

    def read(_tools: Tools, outputs: Outputs) -> str | None:
        if shutil.which(name) is None:
            return None
        path = outputs.folder / f"completions.{name}"
        command = [sys.executable, "-m", "tokenspec", "completion", name]
        path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
        return told(name, "-n", path)

    return read


READERS: Mapping[str, Callable[[Tools, Outputs], str | None]] = {
    "SARIF: sarif-multitool": sarif_multitool,
    "JUnit: junitparser": junitparser,
    "CTRF: ctrf": ctrf,
    "CTRF: github-actions-ctrf": github_actions_ctrf,
    "HTML: Nu validator": nu_validator,
    "schemas: ajv, strict": ajv,
    "bundle: jwcrypto": jose,
    "record: DuckDB": duckdb,
    "workflows: actionlint": actionlint,
    "workflows, action: zizmor": zizmor,
    "completions: zsh": shell("zsh"),
    "completions: fish": shell("fish"),
}
